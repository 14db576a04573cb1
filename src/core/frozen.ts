/** A map that nobody can change, by any means: `Object.freeze` leaves the content of a `Map` open. */
export class FrozenMap<K, V> implements ReadonlyMap<K, V> {
  readonly #map: ReadonlyMap<K, V>;

  constructor(entries: Iterable<readonly [K, V]>) {
    this.#map = new Map(entries);
    Object.freeze(this);
  }

  get size(): number {
    return this.#map.size;
  }
  get(key: K): V | undefined {
    return this.#map.get(key);
  }
  has(key: K): boolean {
    return this.#map.has(key);
  }
  forEach(fn: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.#map) fn(value, key, this);
  }
  entries(): MapIterator<[K, V]> {
    return this.#map.entries();
  }
  keys(): MapIterator<K> {
    return this.#map.keys();
  }
  values(): MapIterator<V> {
    return this.#map.values();
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#map.entries();
  }
}

/** The same for a set. */
export class FrozenSet<T> implements ReadonlySet<T> {
  readonly #set: ReadonlySet<T>;

  constructor(items: Iterable<T>) {
    this.#set = new Set(items);
    Object.freeze(this);
  }

  get size(): number {
    return this.#set.size;
  }
  has(item: T): boolean {
    return this.#set.has(item);
  }
  forEach(fn: (item: T, same: T, set: ReadonlySet<T>) => void): void {
    for (const item of this.#set) fn(item, item, this);
  }
  entries(): SetIterator<[T, T]> {
    return this.#set.entries();
  }
  keys(): SetIterator<T> {
    return this.#set.keys();
  }
  values(): SetIterator<T> {
    return this.#set.values();
  }
  [Symbol.iterator](): SetIterator<T> {
    return this.#set.values();
  }
}

/** The value with all objects and arrays below it, frozen in place. For what JSON can hold. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const below of Object.values(value)) deepFreeze(below);
  return Object.freeze(value);
}
