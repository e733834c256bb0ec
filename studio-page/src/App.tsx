/** The page: one room at a time, and what lies over all of them. */

import { useEffect, useState } from "react";
import { Deliver } from "./deliver/Deliver";
import { Dialog } from "./parts/Dialog";
import { besideTaker } from "./parts/Drop";
import { filesOf } from "./parts/files";
import { Notices, ProblemText } from "./parts/Notices";
import { Prints } from "./prints/Prints";
import { Board } from "./restyle/Board";
import { Garments } from "./restyle/Garments";
import { Looks } from "./restyle/Looks";
import { MaskEditor } from "./restyle/MaskEditor";
import { PaletteTools } from "./restyle/PaletteTools";
import { PaintTools, PrintTools } from "./restyle/PrintTools";
import { isTyping, Stage } from "./restyle/Stage";
import { closeMenu } from "./parts/menu";
import { Shell } from "./Shell";
import { comeBack, open } from "./state/actions";
import { isProject, receive } from "./state/receiving";
import { useRoomsInHistory } from "./state/rooms";
import { now, useStore } from "./state/store";
import { useText } from "./text";
import { Train } from "./train/Train";

export function App() {
  const text = useText();
  const section = useStore((state) => state.section);
  const project = useStore((state) => state.project);
  const failed = useStore((state) => state.failed);
  const masked = useStore((state) => state.garments.find((item) => item.id === state.masking));
  const [keys, setKeys] = useState(false);
  useRoomsInHistory();

  useEffect(() => {
    void open();
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "?" && !isTyping(event)) setKeys(true);
    };
    // A file dropped anywhere is a garment, a saved picture or a project; never a page to leave for.
    const over = (event: DragEvent) => event.preventDefault();
    const dropped = (event: DragEvent) => {
      event.preventDefault();
      if (now().masking) return; // beside "Load mask": not meant for what lies behind
      const room = besideTaker();
      if (event.dataTransfer) void filesOf(event.dataTransfer).then((files) => takeIn(files, room));
    };
    // A menu is left by Escape, by a click beside it and by a choice that is made at once.
    const leave = (event: Event) => {
      const target = event.target as Element | null;
      for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
        const chosen = target?.closest("a, button[aria-pressed]");
        const inside = event.composedPath().includes(menu); // also where the click has taken its button away
        if (event instanceof KeyboardEvent ? event.key === "Escape" : !inside || chosen) closeMenu(menu);
      }
    };
    const back = () => void (document.visibilityState === "visible" && comeBack());
    document.addEventListener("visibilitychange", back);
    window.addEventListener("click", leave);
    window.addEventListener("keydown", leave);
    window.addEventListener("keydown", pressed);
    window.addEventListener("dragover", over);
    window.addEventListener("drop", dropped);
    return () => {
      document.removeEventListener("visibilitychange", back);
      window.removeEventListener("click", leave);
      window.removeEventListener("keydown", leave);
      window.removeEventListener("keydown", pressed);
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", dropped);
    };
  }, []);

  if (failed) {
    return (
      <main className="opening">
        <p className="problem">
          <ProblemText problem={failed} />
        </p>
        <button type="button" className="main" onClick={() => void open()}>
          {text.shell.retry}
        </button>
      </main>
    );
  }
  if (!project) {
    return (
      <main className="opening">
        <p role="status">{text.shell.loading}</p>
      </main>
    );
  }
  return (
    <>
      <Shell onKeys={() => setKeys(true)} />
      {section === "restyle" && <Desk />}
      {section === "prints" && <Prints />}
      {section === "train" && <Train />}
      {section === "deliver" && <Deliver key={project} />}
      {masked && <MaskEditor garment={masked} />}
      {keys && <Keys onClose={() => setKeys(false)} />}
      {!masked && !keys && <Notices />}
    </>
  );
}

/** A project is one in every room; pictures are for the room that takes them, or for the desk. */
async function takeIn(files: File[], room: ((files: File[]) => void) | null): Promise<void> {
  const pictures = files.filter((file) => !isProject(file));
  if (room && pictures.length) room(pictures);
  await receive(room ? files.filter(isProject) : files);
}

function Desk() {
  const text = useText();
  const garment = useStore((state) => state.garments.find((item) => item.id === state.garment) ?? null);
  const painted = useStore((state) => state.looks.find((look) => look.kind === "learned" && state.parts.some((part) => part.look === look.id)) ?? null);
  return (
    <main id="main" className="room desk">
      <h1 className="unseen">{text.sections.restyle}</h1>
      <Garments />
      <div className="middle">
        <Stage />
        {garment && <Board />}
      </div>
      <aside className="column">
        <Looks />
        {painted ? (
          <PaintTools look={painted} />
        ) : (
          <>
            <PrintTools garment={garment} />
            <PaletteTools />
          </>
        )}
      </aside>
    </main>
  );
}

function Keys({ onClose }: { onClose: () => void }) {
  const text = useText();
  return (
    <Dialog title={text.keys.title} onClose={onClose}>
      <dl className="keys">
        {text.keys.rows.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
