// Shadow IT by cost and risk.

import { scaleLinear, scaleSqrt } from 'd3-scale';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DataClass } from '../api/types';
import { useText } from '../text';
import { isInUse, type Sighting } from './query';

const HEIGHT = 420;
const MARGIN = { top: 16, right: 24, bottom: 46, left: 52 };
const CLASSES: DataClass[] = ['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'RESTRICTED'];
const RADIUS = { least: 6, most: 26 };

/** The width that there is for a picture, in pixels. */
function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!ref.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

export function Scatter({ sightings }: { sightings: Sighting[] }) {
  const { t, f } = useText();
  const { ref, width } = useWidth();
  return (
    <figure class="scatter">
      <div ref={ref}>{width > 0 && <Plot sightings={sightings} width={width} />}</div>
      <figcaption>
        <ul class="legend">
          {CLASSES.map((one) => (
            <li key={one}>
              <svg viewBox="0 0 16 16" aria-hidden="true"><circle class={`dot dot-${one}`} cx="8" cy="8" r="7" /></svg>
              {t.dataClass[one]}
            </li>
          ))}
          <li>
            <svg viewBox="0 0 16 16" aria-hidden="true"><circle class="dot dot-past" cx="8" cy="8" r="7" /></svg>
            {f.list([t.shadowItStatus.ADOPTED, t.shadowItStatus.REPLACED])}
          </li>
        </ul>
        <p class="muted">{t.shadow.riskHelp}</p>
      </figcaption>
    </figure>
  );
}

function Plot({ sightings, width }: { sightings: Sighting[]; width: number }) {
  const { t, f } = useText();
  const currency = sightings[0]?.monthlyCost.currency ?? 'EUR';
  const dearest = Math.max(1, ...sightings.map(({ monthlyCost }) => Number(monthlyCost.amount)));
  const most = Math.max(1, ...sightings.map(({ users }) => users));
  // A square root leaves room for the many that cost little, and has a place for what costs nothing.
  const x = scaleSqrt().domain([0, dearest * 1.1]).nice().range([MARGIN.left + RADIUS.most, width - MARGIN.right]);
  const y = scaleLinear().domain([0, 100]).range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const radius = scaleSqrt().domain([0, most]).range([RADIUS.least, RADIUS.most]);
  const dots = sightings.map((sighting) => ({
    sighting,
    x: x(Number(sighting.monthlyCost.amount)),
    y: y(sighting.risk),
    radius: radius(sighting.users),
  }));
  const names = placeNames(dots, width);
  // The large ones first, so that they do not hide the small ones.
  const drawn = [...dots].sort((a, b) => b.radius - a.radius);
  return (
    <svg role="group" aria-label={t.shadow.picture} viewBox={`0 0 ${width} ${HEIGHT}`} width={width} height={HEIGHT}>
      <g class="axes" aria-hidden="true">
        {y.ticks(5).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
            <text x={MARGIN.left - 8} y={y(tick) + 4} text-anchor="end">{f.number(tick)}</text>
          </g>
        ))}
        {x.ticks(6).filter(isApart(x)).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={x(tick)} x2={x(tick)} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
            <text x={x(tick)} y={HEIGHT - MARGIN.bottom + 18} text-anchor="middle">
              {f.money({ amount: String(Math.round(tick)), currency }).replace(/[.,]00(?!\d)/, '')}
            </text>
          </g>
        ))}
        <text class="axis-name" x={width - MARGIN.right} y={HEIGHT - 6} text-anchor="end">{t.shadow.cost} →</text>
        <text class="axis-name" x={MARGIN.left + 6} y={MARGIN.top + 10}>↑ {t.shadow.risk}</text>
      </g>
      {drawn.map(({ sighting, ...at }) => (
        <circle
          key={sighting.id}
          role="img"
          tabIndex={0}
          class={`dot dot-${sighting.dataClass}${isInUse(sighting) ? '' : ' dot-past'}`}
          cx={at.x}
          cy={at.y}
          r={at.radius}
          aria-label={t.shadow.dot(sighting.product, f.money(sighting.monthlyCost), f.number(sighting.risk))}
        >
          <title>{t.shadow.dot(sighting.product, f.money(sighting.monthlyCost), f.number(sighting.risk))}</title>
        </circle>
      ))}
      <g class="dot-names" aria-hidden="true">
        {names.map((name, place) => <text key={place} x={name.x} y={name.y}>{name.text}</text>)}
      </g>
    </svg>
  );
}

/** Leaves out what would stand too close to the one before; a square root crowds its upper end. */
function isApart(x: (value: number) => number): (tick: number) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (tick) => {
    if (x(tick) - last < 64) return false;
    last = x(tick);
    return true;
  };
}

interface Dot {
  sighting: Sighting;
  x: number;
  y: number;
  radius: number;
}

interface Name {
  text: string;
  x: number;
  y: number;
  width: number;
}

/** About what a letter is wide, in pixels; and a line high. */
const LETTER = 7.2;
const LINE = 15;

/** Puts names beside their dots, the largest first; one that would cover another is left to the table. */
function placeNames(dots: Dot[], width: number): Name[] {
  const placed: Name[] = [];
  const isFree = ({ x, y, width: long }: Name) =>
    x >= MARGIN.left && x + long <= width
    && placed.every((other) => x + long < other.x || other.x + other.width < x || Math.abs(other.y - y) >= LINE)
    && dots.every((dot) => dot.x + dot.radius < x || dot.x - dot.radius > x + long || Math.abs(dot.y - y + 4) > dot.radius + 5);
  for (const { sighting, x, y, radius } of [...dots].sort((a, b) => b.radius - a.radius)) {
    const text = sighting.product;
    const long = text.length * LETTER;
    const places = [
      { x: x + radius + 5, y: y + 4 },
      { x: x - radius - 5 - long, y: y + 4 },
      { x: x - long / 2, y: y - radius - 6 },
      { x: x - long / 2, y: y + radius + 15 },
      // Above and below, to one side.
      ...[y - radius - 6, y + radius + 15].flatMap((line) => [{ x, y: line }, { x: x - long, y: line }]),
      { x: x + radius * 0.7 + 5, y: y - radius * 0.7 - 2 },
      { x: x - radius * 0.7 - 5 - long, y: y - radius * 0.7 - 2 },
      { x: x + radius * 0.7 + 5, y: y + radius * 0.7 + 11 },
      { x: x - radius * 0.7 - 5 - long, y: y + radius * 0.7 + 11 },
    ];
    const free = places.map((place) => ({ text, width: long, ...place })).find(isFree);
    if (free) placed.push(free);
  }
  return placed;
}
