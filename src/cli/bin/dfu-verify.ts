#!/usr/bin/env node
import { main } from '../dfu-verify.ts';
import { start } from './start.ts';

await start(main);
