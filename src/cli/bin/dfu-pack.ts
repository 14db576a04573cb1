import { main } from '../dfu-pack.ts';
import { start } from './start.ts';

void start(main);
