/** Where in its repeat a print begins. */

import type { Laid } from "../api/types";

/**
 * How far either way the tools move a print: half of what comes round again, which of a mirrored one is two repeats. One
 * that lies once moves by shares of the garment: a hem is up to 0.62 of one below a chest.
 */
export const reach = (repeat: Laid) => (repeat === "mirror" ? 1 : repeat === "once" ? 0.75 : 0.5);

/** The same place within reach: a variant lies anywhere in its repeat. */
export function within([across, down]: [number, number], repeat: Laid): [number, number] {
  if (repeat === "once") return [clamped(across, reach(repeat)), clamped(down, reach(repeat))];
  const period = 2 * reach(repeat);
  // One column further is half a repeat lower in a half-drop, one row further half a repeat aside in a brick.
  const lower = repeat === "half-drop" ? Math.round(across) / 2 : 0;
  const aside = repeat === "brick" ? Math.round(down) / 2 : 0;
  return [wrapped(across + aside, period), wrapped(down + lower, period)];
}

const clamped = (value: number, most: number) => Math.max(-most, Math.min(most, value));
const wrapped = (value: number, period: number) => value - period * Math.round(value / period);
