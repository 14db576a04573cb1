import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect } from 'vitest';

/** Expects a document to be valid against `schemas/<name>.schema.json`, by ajv itself. */
export function expectValid(name: string, document: unknown): void {
  const ajv = new Ajv2020.default({ strict: true, allErrors: true });
  const schema = JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  );
  const validate = ajv.compile(schema);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
}
