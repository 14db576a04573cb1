#!/usr/bin/env node
import { main } from '../dfu-flash.ts';
import { start } from './start.ts';

await start(main);
