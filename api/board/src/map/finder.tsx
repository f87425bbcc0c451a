// Finding a service while typing: a combobox as the ARIA practices describe it.

import { useEffect, useId, useState } from 'preact/hooks';
import { useQuery } from '../api/hooks';
import type { Identified } from '../api/types';
import { useText } from '../text';
import { explain } from '../ui/state';
import { FIND, LIST, type FindAnswer, type ListAnswer } from './query';

/** Milliseconds without a keystroke after which the server is asked. */
const PAUSE = 150;

interface Props {
  /** Name of the chosen service. */
  chosen: string;
  onChoose: (slug: string) => void;
}

export function ServiceFinder({ chosen, onChoose }: Props) {
  const { t } = useText();
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [words, setWords] = useState('');
  const [active, setActive] = useState(-1);
  useEffect(() => {
    const timer = setTimeout(() => setWords(typed?.trim() ?? ''), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const isOpen = typed !== null;
  const listed = useQuery<ListAnswer>(LIST, isOpen ? {} : null);
  const searched = useQuery<FindAnswer>(FIND, isOpen && words ? { words } : null);
  const wanted = typed?.trim() ?? '';
  const asked = wanted ? searched : listed;
  const found = (wanted ? searched.latest?.search.nodes : listed.data?.services.nodes) ?? [];
  // What was found for the letters before may be another service.
  const isCurrent = wanted === words && !asked.loading;

  const close = () => {
    setTyped(null);
    setActive(-1);
  };
  const choose = (service: Identified | undefined) => {
    if (!service) return;
    close();
    onChoose(service.slug);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!isOpen) setTyped('');
      else if (found.length > 0) setActive((Math.max(active, step > 0 ? -1 : 0) + step + found.length) % found.length);
    } else if (event.key === 'Enter' && isOpen) {
      event.preventDefault();
      if (isCurrent) choose(found[Math.max(active, 0)]);
    } else if (event.key === 'Escape') {
      close();
    }
  };
  const option = (place: number) => `${id}-${place}`;
  useEffect(() => {
    if (active >= 0) document.getElementById(option(active))?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div class="field finder">
      <label for={id}>{t.map.choose}</label>
      <input
        id={id}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        placeholder={t.map.placeholder}
        aria-expanded={isOpen && found.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && active >= 0 ? option(active) : undefined}
        value={typed ?? chosen}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(-1);
        }}
        onClick={() => isOpen || setTyped('')}
        onKeyDown={onKey}
        onBlur={close}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={t.map.choose} hidden={!isOpen || found.length === 0}>
        {found.map((service, place) => (
          <li
            key={service.slug}
            id={option(place)}
            role="option"
            aria-selected={place === active}
            // Before the field loses the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              choose(service);
            }}
          >
            {service.name}
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {isOpen && asked.error && explain(asked.error, t)}
        {isOpen && isCurrent && asked.data && (found.length === 0 ? t.map.noneFound : t.map.found(found.length))}
      </p>
    </div>
  );
}
