import { readFileSync } from 'node:fs';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

const validators = new Map<string, ValidateFunction>();

/** Expects a document to be valid against `schemas/<name>.schema.json`, by ajv itself. */
export function expectValid(name: string, document: unknown): void {
  const validate = validators.get(name) ?? compile(name);
  validators.set(name, validate);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
}

function compile(name: string): ValidateFunction {
  const ajv = new Ajv2020.default({ strict: true, allErrors: true });
  const schema = JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  );
  return ajv.compile(schema);
}
