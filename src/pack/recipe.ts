import type { Identifier, ImageFormat, Provenance, Requires, Role } from '../format/manifest.ts';

/** What a package is made of, as dfu.yaml or a template says it; whatever is absent comes from elsewhere. */
export interface Recipe {
  formatVersion: 1;
  /** Name of the template whose values hold where the recipe says nothing. */
  template?: string;
  name?: string;
  /** SemVer 2.0.0. */
  version?: string;
  securityCounter?: number;
  target?: RecipeTarget;
  requires?: Requires;
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  notAfter?: string;
  images?: RecipeImage[];
  provenance?: Provenance;
  annotations?: Record<string, string>;
}

export interface RecipeTarget {
  product?: string;
  vendor?: string;
  part?: string;
  hardware?: string[];
  identifiers?: Identifier[];
}

export interface RecipeImage {
  name?: string;
  role?: Role;
  /** Relative to the recipe's folder and below it, with forward slashes. */
  file?: string;
  format?: 'auto' | ImageFormat;
  startAddress?: number;
  alignment?: number;
  padByte?: number;
  deviceVersion?: number;
}
