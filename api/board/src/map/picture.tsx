// The map, drawn.

import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { address } from '../route';
import { useText } from '../text';
import type { Graph } from './graph';
import { lay, type Line, type Picture, type Placed } from './layout';

export function MapPicture({ graph, name }: { graph: Graph; name: string }) {
  const { t } = useText();
  const { ref, frame } = useFrame();
  const isNarrow = frame > 0 && frame < NARROW;
  const picture = useMemo(() => lay(graph, isNarrow), [graph, isNarrow]);
  useScroll(ref, frame, picture);
  const { width, height } = picture;
  const least = width * SMALLER <= frame ? Math.min(width * SMALL, frame) : width * SMALL;
  return (
    <figure class="map">
      <div ref={ref} class="scroll" tabIndex={0} role="group" aria-label={t.map.picture(name)}>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          style={{ width: '100%', minWidth: `${least}px`, maxWidth: `${width * 1.25}px` }}
        >
          <g aria-hidden="true">{picture.lines.map((line) => <EdgeLine key={line.path} line={line} />)}</g>
          {picture.placed.map((placed) => placed.node.kind === 'service'
            ? <ServiceBox key={placed.node.key} placed={placed} />
            : <OutcomeBox key={placed.node.key} placed={placed} />)}
        </svg>
      </div>
      <figcaption class="muted">
        {t.map.pictureHelp}
        {graph.notShown > 0 && ` ${t.map.notShown(graph.notShown)}`}
      </figcaption>
    </figure>
  );
}

/** How small a picture is drawn to be read well, and how much smaller to be seen whole. */
const SMALL = 0.8;
const SMALLER = 0.7;
/** What stays free beside a node that is scrolled to, in pixels. */
const BESIDE = 8;
/** A telephone's frame, in pixels: columns stand closer there, so that a node and what comes after it are seen together. */
const NARROW = 480;

/** The width that there is for a picture, in pixels. */
function useFrame() {
  const ref = useRef<HTMLDivElement>(null);
  const [frame, setFrame] = useState(0);
  useLayoutEffect(() => {
    if (!ref.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setFrame(entry?.contentRect.width ?? 0));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return { ref, frame };
}

/** Scrolls what does not fit to what matters: the chosen node, and what it is for. */
function useScroll(ref: RefObject<HTMLDivElement | null>, frame: number, { width, placed }: Picture) {
  useLayoutEffect(() => {
    const chosen = placed.find(({ node }) => node.isChosen);
    if (!ref.current || !chosen || frame === 0) return;
    const { scrollWidth, scrollHeight, clientHeight } = ref.current;
    const scale = scrollWidth / width;
    ref.current.scrollLeft = chosen.x * scale - BESIDE;
    ref.current.scrollTop = (chosen.y + chosen.height / 2) * scale - Math.min(clientHeight, scrollHeight) / 2;
  }, [placed, width, frame]);
}

function EdgeLine({ line }: { line: Line }) {
  const { f } = useText();
  const { edge, path, label } = line;
  return (
    <>
      <path
        class={edge.carriesLoss ? 'edge edge-loss' : 'edge'}
        d={path}
        stroke-width={1 + 3 * (edge.strength ?? 0.2)}
      />
      {edge.strength !== null && (
        <text class="edge-label" x={label.x} y={label.y}>{f.share(edge.strength)}</text>
      )}
    </>
  );
}

function ServiceBox({ placed }: { placed: Placed }) {
  const { t, f } = useText();
  const { node, x, y, width, height } = placed;
  const loses = node.loss === null ? null : t.map.loses(f.share(node.loss));
  const names = [node.name, node.isChosen ? t.map.here : null, loses].filter((part) => part !== null);
  const kind = node.isChosen ? 'node node-chosen' : node.loss === null ? 'node' : 'node node-hit';
  return (
    <a
      class={kind}
      href={address('map', node.slug)}
      aria-label={names.join(', ')}
      aria-current={node.isChosen ? 'true' : undefined}
    >
      <rect class="box" x={x} y={y} width={width} height={height} rx="8" />
      {node.loss !== null && (
        <rect class="lost" x={x + 10} y={y + height - 8} width={(width - 20) * node.loss} height="3" rx="1.5" />
      )}
      <Label text={node.name} x={x + width / 2} y={y + (node.loss === null ? height / 2 : height / 2 - 3)} room={24} />
    </a>
  );
}

function OutcomeBox({ placed }: { placed: Placed }) {
  const { t, f } = useText();
  const { node, x, y, width, height } = placed;
  const money = node.valuePerHour ? `${f.money(node.valuePerHour)} ${t.chain.perHour}` : null;
  const lost = node.loss === null ? null : t.chain.lost(f.share(node.loss));
  const names = [node.name, node.detail, lost, money].filter((part) => part !== null);
  return (
    <g class="node node-outcome" role="img" aria-label={names.join(', ')}>
      <rect class="box" x={x} y={y} width={width} height={height} rx={height / 2} />
      <Line1 text={node.name} x={x + width / 2} y={y + 20} room={25} strong />
      <Line1 text={node.detail ?? ''} x={x + width / 2} y={y + 35} room={28} />
      {money && <text class="money" x={x + width / 2} y={y + 51}>{money}</text>}
    </g>
  );
}

function Line1({ text, x, y, room, strong = false }: { text: string; x: number; y: number; room: number; strong?: boolean }) {
  return <text class={strong ? 'strong' : undefined} x={x} y={y}>{shorten(text, room)}</text>;
}

/** A name on one line, or on two. */
function Label({ text, x, y, room }: { text: string; x: number; y: number; room: number }) {
  const lines = split(text, room);
  return (
    <text x={x} y={y}>
      {lines.map((line, place) => (
        <tspan key={line} x={x} dy={place === 0 ? (lines.length === 1 ? '0.35em' : '-0.25em') : '1.15em'}>{place === 0 ? `${line} ` : line}</tspan>
      ))}
    </text>
  );
}

const shorten = (text: string, room: number) => (text.length > room ? `${text.slice(0, room - 1).trimEnd()}…` : text);

function split(text: string, room: number): string[] {
  if (text.length <= room) return [text];
  const space = text.lastIndexOf(' ', room);
  if (space < 4) return [shorten(text, room)];
  return [text.slice(0, space), shorten(text.slice(space + 1), room)];
}
