import { main } from '../dfu-flash.ts';
import { start } from './start.ts';

void start(main);
