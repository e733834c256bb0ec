import { describe, expect, it } from "vitest";
import { inTurn } from "./latest";

describe("changes in turn", () => {
  it("sends one at a time, and of what waited only the latest", async () => {
    const sent: unknown[] = [];
    const answers: (() => void)[] = [];
    const change = inTurn<{ name?: string; length?: number }>((key, values, last) => {
      sent.push([key, values]);
      return new Promise<void>((done) => answers.push(done)).then(() => sent.push(last()));
    });
    const all = [change("a", { length: 1 }), change("a", { length: 12 }), change("a", { name: "A" }), change("a", { length: 120 }), change("b", { length: 5 })];
    expect(sent).toEqual([["a", { length: 1 }], ["b", { length: 5 }]]);
    answers[0]!();
    await new Promise((done) => setTimeout(done));
    answers[2]!();
    answers[1]!();
    await Promise.all(all);
    expect(sent.slice(2)).toEqual([false, ["a", { length: 120, name: "A" }], true, true]);
  });

  it("goes on after a failure", async () => {
    const sent: number[] = [];
    const change = inTurn<{ n: number }>(async (_, { n }) => {
      sent.push(n);
      if (n === 1) throw new Error("refused");
    });
    await expect(change("a", { n: 1 })).rejects.toThrow("refused");
    await change("a", { n: 2 });
    expect(sent).toEqual([1, 2]);
  });
});
