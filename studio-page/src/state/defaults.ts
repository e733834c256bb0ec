/** Controls of which nothing was said. */

import type { Controls } from "../api/types";

export const DEFAULTS: Controls = {
  scale: 1,
  print_cm: null,
  rotation: 0,
  offset: [0, 0],
  repeat: "straight",
  strength: 1,
  shading: 1,
  palette: null,
  seamless: "auto",
  mix: "overprint",
  seams: "cut",
  on: {},
};
