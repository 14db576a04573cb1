#!/usr/bin/env node
import { main } from '../dfu-pack.ts';
import { start } from './start.ts';

await start(main);
