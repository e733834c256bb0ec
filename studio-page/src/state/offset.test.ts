import { expect, test } from "vitest";
import type { Repeat } from "../api/types";
import { reach, within } from "./offset";

/** Which point of the swatch lies at the origin of a print that was moved so far (textiles/repeat.py). */
function lies([across, down]: [number, number], repeat: Repeat): [number, number] {
  const [column, row] = [Math.floor(-across), Math.floor(-down)];
  const odd = (n: number) => Math.abs(n % 2);
  const whole = (value: number) => Math.round((((value % 1) + 1) % 1) * 1e9) / 1e9;
  if (repeat === "half-drop") return [whole(-across), whole(-down - odd(column) / 2)];
  if (repeat === "brick") return [whole(-across - odd(row) / 2), whole(-down)];
  const turned = (value: number, place: number) => (repeat === "mirror" && odd(place) ? whole(1 - whole(value)) : whole(value));
  return [turned(-across, column), turned(-down, row)];
}

test.each(["straight", "half-drop", "brick", "mirror"] as const)("a %s print lies where it lay, within reach of the tools", (repeat) => {
  for (const place of [[0.83, 0.21], [0.61, 0.97], [-3.3, 7.8], [0.1, -0.4], [1.7, 1.2]] as [number, number][]) {
    const near = within(place, repeat);
    expect(Math.max(...near.map(Math.abs))).toBeLessThanOrEqual(reach(repeat));
    expect(lies(near, repeat)).toEqual(lies(place, repeat));
  }
});

test("a print that lies once stays where it lies, as far as the tools reach", () => {
  expect(within([0.2, -0.31], "once")).toEqual([0.2, -0.31]);
  expect(within([0.8, -9], "once")).toEqual([0.75, -0.75]);
});
