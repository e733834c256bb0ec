/** How large a tile comes out, as the service counts it (colours.LARGEST_TILE). */

import type { Repeat } from "../api/types";

const LARGEST = 64_000_000; // pixels
const PERIODS: Record<Repeat, number> = { straight: 1, "half-drop": 2, brick: 2, mirror: 4 };

export const WIDEST = 200; // cm
export const DPI = [36, 1200] as const;

/** width: cm of one repeat. aspect: height by width of the swatch. across, down: pixels of one repeat. */
export function tileSize(width: number, dpi: number, aspect: number, repeat: Repeat) {
  const across = Math.round((width / 2.54) * dpi);
  const down = Math.max(1, Math.round(across * aspect));
  return { across, down, fits: across * down * PERIODS[repeat] <= LARGEST };
}
