import { describe, expect, it } from "vitest";
import { onceLeft, whileTyping } from "./typed";

describe("a typed number", () => {
  it("is not taken before it is finished", () => {
    // 120 in a field from 50 to 250, key by key
    expect(["1", "12", "120"].map((typed) => whileTyping(typed, 50, 250))).toEqual([null, null, 120]);
    expect(["-", "-4", "-45"].map((typed) => whileTyping(typed, -180, 180))).toEqual([null, -4, -45]);
    expect(["0", "0.", "0.5"].map((typed) => whileTyping(typed, 1, 200))).toEqual([null, null, null]);
  });
  it("is the nearest allowed one once it is left", () => {
    expect([onceLeft("30", 50, 250), onceLeft("999", 50, 250), onceLeft("-3", 1, 200)]).toEqual([50, 250, 1]);
    expect([onceLeft("", 1, 9), onceLeft("-", 1, 9)]).toEqual([null, null]);
  });
});
