import { main } from '../dfu-verify.ts';
import { start } from './start.ts';

void start(main);
