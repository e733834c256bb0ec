import { describe, expect, it } from "vitest";
import { tileSize } from "./tile";

describe("the size of a tile", () => {
  it("is that of the file, which holds a whole period of the repeat", () => {
    const size = (repeat: Parameters<typeof tileSize>[3]) => tileSize(2.54, 300, 1.5, repeat);
    expect(size("straight")).toEqual({ across: 300, down: 450, fits: true });
    expect(size("half-drop")).toEqual({ across: 600, down: 450, fits: true });
    expect(size("brick")).toEqual({ across: 300, down: 900, fits: true });
    expect(size("mirror")).toEqual({ across: 600, down: 900, fits: true });
  });
});
