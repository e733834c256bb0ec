import { describe, expect, it } from "vitest";
import { caughtUp } from "./lists";

describe("a list that comes late", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, name: "" })) as [Item, Item, Item];
  type Item = { id: string; name: string };

  it("keeps what was added and changed meanwhile, and lacks what was taken away", () => {
    const named = { ...b, name: "B" };
    expect(caughtUp([a, b], [a, b], [c, a, named])).toEqual([c, a, named]);
    expect(caughtUp([a, b], [a, b], [b])).toEqual([b]);
  });

  it("is the service's where nothing happened on the page", () => {
    expect(caughtUp([c, b], [a, b], [a, b])).toEqual([c, b]);
    expect(caughtUp([{ ...b, name: "B" }], [b], [b])).toEqual([{ ...b, name: "B" }]);
  });
});
