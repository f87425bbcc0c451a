// The frame of the page: where one is, who one is, in which language and colours.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useQuery } from '../api/hooks';
import { Gap } from '../gap/view';
import { ServiceMap } from '../map/view';
import { applyTheme, preferredLanguage, preferredTheme, rememberLanguage, THEMES, type Theme } from '../preferences';
import { Promises } from '../promises/view';
import { Review } from '../review/view';
import { address, useRoute, VIEWS, type Route, type View } from '../route';
import { ShadowIt } from '../shadow/view';
import { LANGUAGES, TextProvider, useText, type Language } from '../text';
import { Worklist } from '../worklist/view';
import { openSession, SessionDialog, type Viewer } from './session-dialog';

const VIEWER = /* GraphQL */ `
  query BoardViewer {
    viewer { subject scopes person { name } }
  }
`;

const CONTENTS: Record<View, (props: { route: Route }) => preact.JSX.Element> = {
  worklist: Worklist,
  map: ServiceMap,
  promises: Promises,
  gap: Gap,
  'shadow-it': ShadowIt,
  review: Review,
};

export function App() {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  const choose = (next: Language) => {
    rememberLanguage(next);
    setLanguage(next);
  };
  return (
    <TextProvider language={language}>
      <Page choose={choose} />
    </TextProvider>
  );
}

function Page({ choose }: { choose: (language: Language) => void }) {
  const { t, language } = useText();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const Content = CONTENTS[route.view];
  const name = t.app.view[route.view];
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${name} · ${t.app.title}`;
  }, [language, name]);
  // Whoever follows a link is taken to what it leads to; whoever loads the page begins at its top.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else main.current?.querySelector('h1')?.focus();
  }, [route.view]);
  const skip = (event: Event) => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>{t.app.skip}</a>
      <Header current={route.view} choose={choose} />
      <main id="content" ref={main} tabIndex={-1}>
        <Content key={route.view} route={route} />
      </main>
      <footer class="footer">
        <a href="/">{t.app.explorer}</a>
        <a href="/board/LICENCES.txt">{t.app.licences}</a>
      </footer>
    </>
  );
}

function Header({ current, choose }: { current: View; choose: (language: Language) => void }) {
  const { t } = useText();
  const asked = useQuery<{ viewer: Viewer }>(VIEWER, {});
  const viewer = asked.data?.viewer ?? null;
  const name = viewer?.person?.name ?? viewer?.subject;
  return (
    <header class="bar">
      <a class="brand" href={address('worklist')}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M10 7v18M22 7 11 17l11 8" />
        </svg>
        <span>{t.app.title}</span>
      </a>
      <nav aria-label={t.app.views}>
        {VIEWS.map((view) => (
          <a key={view} href={address(view)} aria-current={view === current ? 'page' : undefined}>{t.app.view[view]}</a>
        ))}
      </nav>
      <div class="tools">
        <button type="button" class="who" onClick={openSession} title={name ? t.session.as(name) : t.session.anonymous}>
          {name ?? t.session.open}
        </button>
        <LanguageSwitch choose={choose} />
        <ThemeSwitch />
      </div>
      <SessionDialog viewer={viewer} error={asked.error} />
    </header>
  );
}

function LanguageSwitch({ choose }: { choose: (language: Language) => void }) {
  const { t, language } = useText();
  return (
    <div class="switch" role="group" aria-label={t.app.language}>
      {LANGUAGES.map((one) => (
        <button
          key={one}
          type="button"
          lang={one}
          aria-pressed={one === language}
          aria-label={`${one.toUpperCase()}, ${t.app.languageName[one]}`}
          onClick={() => choose(one)}
        >
          {one.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

function ThemeSwitch() {
  const { t } = useText();
  const [theme, setTheme] = useState<Theme>(preferredTheme);
  const change = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <select aria-label={t.app.theme} value={theme} onChange={(event) => change(event.currentTarget.value as Theme)}>
      {THEMES.map((one) => <option key={one} value={one}>{t.app.themeName[one]}</option>)}
    </select>
  );
}
