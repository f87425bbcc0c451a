// Where the nodes of a picture lie, and how the lines run between them.

import { Graph as DagreGraph, layout as dagreLayout } from '@dagrejs/dagre';
import type { Graph, GraphEdge, GraphNode } from './graph';

export interface Placed {
  node: GraphNode;
  /** Upper left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  edge: GraphEdge;
  /** An SVG path. */
  path: string;
  /** Where its figure stands. */
  label: { x: number; y: number };
}

export interface Picture {
  width: number;
  height: number;
  placed: Placed[];
  lines: Line[];
}

const SERVICE = { width: 168, height: 46 };
const OUTCOME = { width: 206, height: 62 };
const MARGIN = 12;

/** Between two columns, and how far a line runs straight at the end that fewer lines share: its figure stands there, clear of the others. */
const WIDE = { between: 100, straight: 40 };
const CLOSE = { between: 50, straight: 28 };

/** Lays out a picture from left to right. */
export function lay(graph: Graph, isClose: boolean): Picture {
  const { between, straight } = isClose ? CLOSE : WIDE;
  const dagre = new DagreGraph();
  dagre.setGraph({ rankdir: 'LR', nodesep: 16, ranksep: between, marginx: MARGIN, marginy: MARGIN });
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) dagre.setNode(node.key, { ...(node.kind === 'service' ? SERVICE : OUTCOME) });
  for (const { from, to } of graph.edges) if (from !== to) dagre.setEdge(from, to, {});
  dagreLayout(dagre);
  const placed = graph.nodes.map((node): Placed => {
    const { x, y, width, height } = dagre.node(node.key) as { x: number; y: number; width: number; height: number };
    return { node, x: x - width / 2, y: y - height / 2, width, height };
  });
  // Readers go through the picture as it stands: column by column, from above.
  placed.sort((a, b) => a.x + a.width / 2 - (b.x + b.width / 2) || a.y - b.y);
  const lines = graph.edges.filter(({ from, to }) => from !== to).map((edge): Line => {
    return draw(edge, attach(dagre, edge), isShared(graph, edge), straight);
  });
  const { width = 0, height = 0 } = dagre.graph() as { width?: number; height?: number };
  return { width, height, placed, lines };
}

/** The points of a line, from the middle of the right side to the middle of the left: back again where it closes a circle. */
function attach(dagre: DagreGraph, { from, to }: GraphEdge): Point[] {
  const { points } = dagre.edge(from, to) as { points: Point[] };
  const [start, end] = [dagre.node(from), dagre.node(to)] as (Point & { width: number })[];
  if (!start || !end || start.x >= end.x) return points;
  return [
    { x: start.x + start.width / 2, y: start.y },
    // Between neighbouring columns there is nothing to go round.
    ...(points.length > 3 ? points.slice(1, -1) : []),
    { x: end.x - end.width / 2, y: end.y },
  ];
}

/** Whether more lines end where this one ends than begin where it begins. */
function isShared({ edges }: Graph, { from, to }: GraphEdge): boolean {
  const leaving = edges.filter((edge) => edge.from === from).length;
  const arriving = edges.filter((edge) => edge.to === to).length;
  return arriving > leaving;
}

function draw(edge: GraphEdge, points: Point[], isEndShared: boolean, straight: number): Line {
  const start = points[0] ?? { x: 0, y: 0 };
  const end = points.at(-1) ?? start;
  const goesBack = start.x >= end.x;
  const y = (isEndShared ? start : end).y;
  const bend = { x: isEndShared ? start.x + straight : end.x - straight, y };
  const all = goesBack ? points : isEndShared ? [start, bend, ...points.slice(1)] : [...points.slice(0, -1), bend, end];
  return { edge, path: smooth(all), label: { x: isEndShared ? start.x + straight / 2 : end.x - straight / 2, y: y - 6 } };
}

interface Point {
  x: number;
  y: number;
}

/** A line through points that bends only sideways, as dagre's points are one in each column. */
function smooth(points: Point[]): string {
  return points.map(({ x, y }, place) => {
    const before = points[place - 1];
    if (!before) return `M${round(x)},${round(y)}`;
    const middle = round((before.x + x) / 2);
    return `C${middle},${round(before.y)} ${middle},${round(y)} ${round(x)},${round(y)}`;
  }).join('');
}

const round = (value: number) => Math.round(value * 10) / 10;
