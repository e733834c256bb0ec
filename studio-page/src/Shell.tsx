/** The head of the page: the project, the four rooms, language and light. */

import { useRef, useState } from "react";
import { deleteProject, newProject, renameProject, switchProject } from "./state/actions";
import { importProject } from "./state/receiving";
import { change, type Section, useStore } from "./state/store";
import { Drop } from "./parts/Drop";
import { closeMenu } from "./parts/menu";
import { called, languages, setLanguage, useLanguage, useText } from "./text";

const SECTIONS: Section[] = ["restyle", "prints", "train", "deliver"];

export function Shell({ onKeys }: { onKeys: () => void }) {
  const text = useText();
  const section = useStore((state) => state.section);
  return (
    <header className="shell">
      <a className="skip" href="#main">
        {text.shell.skip}
      </a>
      <span className="wordmark">muslin</span>
      <Projects />
      <nav aria-label="muslin">
        {SECTIONS.map((key) => (
          <button key={key} type="button" aria-current={key === section ? "page" : undefined} onClick={() => change({ section: key })}>
            {text.sections[key]}
          </button>
        ))}
      </nav>
      <span className="end">
        <AtWork />
        <LanguageChoice />
        <Theme />
        <button type="button" className="plain" onClick={onKeys} title={text.shell.keys}>
          <span aria-hidden="true">?</span>
          <span className="unseen">{text.shell.keys}</span>
        </button>
      </span>
    </header>
  );
}

function Projects() {
  const text = useText();
  const projects = useStore((state) => state.projects);
  const project = useStore((state) => state.projects.find((item) => item.id === state.project));
  const menu = useRef<HTMLDetailsElement>(null);
  const [naming, setNaming] = useState<"new" | "rename" | null>(null);
  if (!project) return null;
  const keep = (name: string) => {
    if (name) void (naming === "new" ? newProject(name) : renameProject(project.id, name));
    if (menu.current) closeMenu(menu.current);
  };
  return (
    <details ref={menu} className="menu project" onToggle={(event) => !event.currentTarget.open && setNaming(null)}>
      <summary title={called(project, text)}>{called(project, text)}</summary>
      <ul>
        {projects.map((item) => (
          <li key={item.id}>
            <button type="button" aria-pressed={item.id === project.id} onClick={() => void switchProject(item.id)}>
              {called(item, text)}
            </button>
          </li>
        ))}
        <li className="rule">
          {naming ? (
            <Naming
              name={naming === "rename" ? project.name : ""}
              onKeep={keep}
              onLeave={() => {
                setNaming(null);
                menu.current?.querySelector("summary")?.focus();
              }}
            />
          ) : (
            <>
              <button type="button" onClick={() => setNaming("new")}>
                {text.shell.newProject}
              </button>
              <button type="button" onClick={() => setNaming("rename")}>
                {text.shell.rename}
              </button>
            </>
          )}
        </li>
        <li>
          <a href={`/v1/projects/${project.id}/export`} download>
            {text.shell.exportProject}
          </a>
        </li>
        <li>
          <Drop label={text.shell.importProject} accept=".zip" className="inline" onFiles={(files) => files[0] && void importProject(files[0])} />
        </li>
        <li>
          <button type="button" onClick={() => window.confirm(text.shell.deleteConfirm(project.name)) && void deleteProject(project.id)}>
            {text.shell.deleteProject}
          </button>
        </li>
      </ul>
      <p className="quiet">{text.shell.local}</p>
    </details>
  );
}

/** Enter keeps the name, Escape leaves it as it was. */
function Naming({ name, onKeep, onLeave }: { name: string; onKeep: (name: string) => void; onLeave: () => void }) {
  const text = useText();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onKeep(String(new FormData(event.currentTarget).get("name") ?? "").trim());
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation(); // the menu stays
        onLeave();
      }}
    >
      <input name="name" aria-label={text.shell.renamePrompt} placeholder={text.shell.renamePrompt} defaultValue={name} maxLength={120} autoFocus />
    </form>
  );
}

function AtWork() {
  const text = useText();
  const count = useStore((state) => Object.values(state.jobs).filter((job) => job.state === "queued" || job.state === "running").length);
  return count ? (
    <span className="quiet" role="status">
      {text.jobs.title}: {count}
    </span>
  ) : null;
}

function LanguageChoice() {
  const text = useText();
  const language = useLanguage();
  return (
    <select aria-label={text.shell.languageChoice} value={language} onChange={(event) => setLanguage(event.target.value as keyof typeof languages)}>
      {Object.entries(languages).map(([key, words]) => (
        <option key={key} value={key}>
          {words.language}
        </option>
      ))}
    </select>
  );
}

const THEME = "muslin.theme";
document.documentElement.dataset.theme = localStorage.getItem(THEME) ?? "";

function Theme() {
  const text = useText();
  function turnOver() {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const current = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    const next = current === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem(THEME, next);
  }
  return (
    <button type="button" className="plain" onClick={turnOver} title={text.shell.theme}>
      <span aria-hidden="true">◐</span>
      <span className="unseen">{text.shell.theme}</span>
    </button>
  );
}
