import type { Io, OutputStream } from '../io.ts';

/** Colours of the terminal; each is the identity where colour is not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** Colour only on a terminal, and not when NO_COLOR is set (https://no-color.org) or the terminal is dumb. */
export function styleOf(io: Io, stream: OutputStream): Style {
  const noColour = io.env['NO_COLOR'];
  const wanted =
    stream.isTTY === true && (noColour === undefined || noColour === '') && io.env['TERM'] !== 'dumb';
  const paint =
    (open: number, close: number) =>
    (text: string): string =>
      wanted ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
  };
}
