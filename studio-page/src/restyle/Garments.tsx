/** The garments of the project, then the samples. */

import type { Garment } from "../api/types";
import { Drop } from "../parts/Drop";
import { refocus } from "../parts/focus";
import { Name } from "../parts/Name";
import { patchGarment, removeGarment } from "../state/actions";
import { receive } from "../state/receiving";
import { change, useStore } from "../state/store";
import { called, useText } from "../text";

export function Garments() {
  const text = useText();
  const garments = useStore((state) => state.garments);
  const uploading = useStore((state) => state.uploading[state.project] ?? 0);
  return (
    <section className="strip" aria-label={text.garments.title}>
      <h2>{text.garments.title}</h2>
      <Drop label={text.garments.add} multiple className="add" accept="image/*,.zip" onFiles={(files) => void receive(files)} />
      {uploading > 0 && (
        <p className="quiet" role="status">
          {text.garments.reading(uploading)}
        </p>
      )}
      <ul>
        {garments.map((garment) => (
          <Item key={garment.id} garment={garment} />
        ))}
      </ul>
    </section>
  );
}

function Item({ garment }: { garment: Garment }) {
  const text = useText();
  const chosen = useStore((state) => state.garment === garment.id);
  return (
    <li className={chosen ? "chosen" : ""}>
      <button type="button" aria-pressed={chosen} onClick={() => change({ garment: garment.id, shown: null, compare: [] })}>
        <img src={`${garment.photo.thumbnail}?side=256`} alt="" loading="lazy" />
        <span className={chosen && !garment.sample ? "unseen" : ""}>{called(garment, text)}</span>
      </button>
      {chosen && !garment.sample && (
        <>
          <Name label={text.garments.rename} value={garment.name} onChange={(name) => void patchGarment(garment.id, { name })} />
          <button type="button" className="corner" aria-label={text.garments.remove} title={text.garments.remove} onClick={(event) => window.confirm(text.garments.removeConfirm(called(garment, text))) && void takeAway(garment.id, event.currentTarget)}>
            <span aria-hidden="true">×</span>
          </button>
        </>
      )}
    </li>
  );
}

/** The focus goes on at the garment beside, or where photos are added. */
async function takeAway(id: string, button: Element): Promise<void> {
  const item = button.closest("li");
  const beside = item?.nextElementSibling ?? item?.previousElementSibling;
  await removeGarment(id);
  refocus(() => (beside?.isConnected ? beside.querySelector("button") : document.querySelector(".strip .add")));
}
