/** The colours of the cloth: keep some, change others, or five colourways at once. */

import { useEffect, useState } from "react";
import { get, post } from "../api/client";
import type { Colourway } from "../api/types";
import { copyText, submit, turn } from "../state/actions";
import { asked, KEEP } from "../state/byPart";
import { attempt } from "../state/notices";
import { change, lockedOf, now, useStore } from "../state/store";
import { useText } from "../text";

const HEX = /#?[0-9a-f]{6}\b/gi;

/** Colours of a colour card as written: #1c2a3f, 1C2A3F, with anything between. */
export function coloursOf(card: string): string[] {
  return (card.match(HEX) ?? []).map((hex) => `#${hex.replace("#", "").toLowerCase()}`);
}

/** What a colour of the cloth becomes; null where it stays. A palette says old=new, or goes by the places of the colours. */
export function newOf(palette: string[] | null, own: string, place: number): string | null {
  const named = palette?.find((word) => word.startsWith(`${own}=`))?.split("=")[1];
  const found = named ?? (palette?.some((word) => word.includes("=")) ? "keep" : palette?.[place]);
  return found && found !== "keep" ? found : null;
}

export function PaletteTools() {
  const text = useText();
  const look = useStore((state) => (state.parts.length === 1 ? state.parts[0]?.look : undefined));
  const chosen = useStore((state) => state.controls.palette);
  const [colours, setColours] = useState<string[]>([]);
  const locked = useStore((state) => lockedOf(state, look));
  const apart = useStore((state) => Object.values(state.controls.on).some((worn) => worn !== KEEP));
  const [card, setCard] = useState("");
  const [ways, setWays] = useState<{ seed: number; items: Colourway[] } | null>(null);

  useEffect(() => {
    setWays(null);
    setColours([]);
    if (!look) return;
    let current = true;
    void attempt(async () => {
      const answer = await get<{ colours: { hex: string }[] }>(`/v1/looks/${look}/palette?colours=5`);
      if (current) setColours(answer.colours.map((colour) => colour.hex));
    });
    return () => {
      current = false;
    };
  }, [look]);

  if (!look || !colours.length) return null;

  async function findWays(seed: number) {
    const given = coloursOf(card);
    const body = { count: 5, seed, lock: locked, ...(given.length ? { card: given } : {}) };
    const answer = await attempt(() => post<{ items: Colourway[] }>(`/v1/looks/${look}/colourways`, body));
    if (answer) setWays({ seed, items: answer.items });
  }

  function lock(own: string, kept: boolean) {
    if (look) change({ locked: { look, colours: kept ? [...locked, own] : locked.filter((hex) => hex !== own) } });
  }

  // Each with the colour whose place it takes: the same at every size of the picture.
  function recolour(index: number, hex: string) {
    turn({ palette: colours.map((own, place) => `${own}=${place === index ? hex : (newOf(chosen, own, place) ?? "keep")}`) });
  }

  // A colour that is kept stays what it was changed to.
  const worn = (way: Colourway) =>
    colours.map((own, place) => {
      const given = way.palette[place];
      return `${own}=${given && given !== "keep" ? given : (newOf(chosen, own, place) ?? "keep")}`;
    });

  function makeAll() {
    const { project, garment, parts } = now();
    if (!garment || !ways) return;
    void submit({ kind: "colourways", project, garment, looks: parts, controls: asked(now()), palettes: ways.items.map(worn) });
  }

  return (
    <section className="tools" aria-label={text.palette.title}>
      <header>
        <h2>{text.palette.title}</h2>
        {chosen && (
          <button type="button" className="plain small" onClick={() => turn({ palette: null })}>
            {text.palette.own}
          </button>
        )}
      </header>
      <ul className="chips">
        {colours.map((own, index) => {
          const shown = newOf(chosen, own, index) ?? own;
          return (
            <li key={own}>
              <input type="color" value={shown} aria-label={text.palette.change(own)} onChange={(event) => recolour(index, event.target.value)} />
              <label title={text.palette.lock(own)}>
                <input
                  type="checkbox"
                  checked={locked.includes(own)}
                  aria-label={text.palette.lock(own)}
                  onChange={(event) => lock(own, event.target.checked)}
                />
                {text.palette.locked}
              </label>
            </li>
          );
        })}
      </ul>
      {apart && <p className="quiet">{text.byPart.ownColours}</p>}
      <div className="row">
        <button type="button" onClick={() => void findWays(0)}>
          {text.palette.colourways}
        </button>
        <button type="button" className="plain small" onClick={() => void copyText(colours.map((own, index) => newOf(chosen, own, index) ?? own).join(" "), text.stage.copied)}>
          {text.palette.copy}
        </button>
      </div>
      <details>
        <summary>{text.palette.card}</summary>
        <textarea rows={2} value={card} placeholder={text.palette.cardHint} aria-label={text.palette.cardHint} onChange={(event) => setCard(event.target.value)} />
        <div className="chips small" aria-hidden="true">
          {coloursOf(card).map((hex, index) => (
            <i key={`${hex}${index}`} style={{ background: hex }} />
          ))}
        </div>
      </details>
      {ways && (
        <>
          <ul className="swatches ways">
            {ways.items.map((way) => (
              <li key={way.name + ways.seed}>
                <button type="button" aria-label={text.palette.use(way.name)} title={way.palette.join(" ")} onClick={() => turn({ palette: worn(way) })}>
                  <img src={way.tile} alt="" />
                </button>
              </li>
            ))}
          </ul>
          <div className="row">
            <button type="button" onClick={makeAll}>
              {text.palette.makeAll}
            </button>
            <button type="button" className="plain small" onClick={() => void findWays(ways.seed + 1)}>
              {text.palette.again}
            </button>
          </div>
        </>
      )}
    </section>
  );
}
