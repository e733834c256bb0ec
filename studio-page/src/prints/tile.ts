/** How large a tile comes out, as the service counts it (colours.LARGEST_TILE). */

import type { Repeat } from "../api/types";

const LARGEST = 64_000_000; // pixels
/** Swatches across and down in the tile, which repeats straight whatever the repeat is (textiles.repeat.Cloth.cell). */
const PERIODS: Record<Repeat, [number, number]> = { straight: [1, 1], "half-drop": [2, 1], brick: [1, 2], mirror: [2, 2] };

export const WIDEST = 200; // cm
export const DPI = [36, 1200] as const;

/** width: cm of one swatch. aspect: height by width of the swatch. across, down: pixels of the file. */
export function tileSize(width: number, dpi: number, aspect: number, repeat: Repeat) {
  const one = Math.round((width / 2.54) * dpi);
  const [across, down] = [one * PERIODS[repeat][0], Math.max(1, Math.round(one * aspect)) * PERIODS[repeat][1]];
  return { across, down, fits: across * down <= LARGEST };
}
