import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartProps } from './Chart';
import classes from './Chart.module.css';
import { loneValues, tickTexts } from './chart_marks';
import { secondText } from './time';

interface CanvasProps extends ChartProps {
  // Of the times below it.
  zone: string;
}

// Where the cursor stands: which of the times, and how far from the left, in px.
interface Cursor {
  index: number;
  left: number;
}

// uPlot draws on a canvas, which knows no custom properties.
function resolved(color: string, at: Element): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  at.append(probe);
  const made = getComputedStyle(probe).color;
  probe.remove();
  return made;
}

function optionsOf(
  props: CanvasProps,
  at: HTMLElement,
  onCursor: (cursor: Cursor | null) => void,
): uPlot.Options {
  const dim = resolved('var(--dim)', at);
  const grid = { stroke: resolved('var(--line)', at), width: 1 };
  return {
    width: Math.max(at.clientWidth, 100),
    height: props.height ?? 180,
    legend: { show: false },
    cursor: {
      points: { size: 6 },
      drag: { x: props.onSpan !== undefined, y: false, setScale: false },
      ...(props.group ? { sync: { key: props.group } } : {}),
    },
    scales: {
      x: { time: true },
      y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      {
        stroke: dim,
        grid,
        ticks: grid,
        font: '11px system-ui',
        values: (_chart, ticks, _axis, _space, step) => tickTexts(ticks, step, props.zone),
      },
      {
        stroke: dim,
        grid,
        ticks: grid,
        font: '11px system-ui',
        size: 62,
        values: (_chart, ticks) => ticks.map(props.format),
      },
    ],
    series: [
      {},
      ...props.lines.map((line): uPlot.Series => {
        const stroke = resolved(line.color, at);
        return {
          label: line.label,
          stroke,
          width: 2,
          ...(line.dashed ? { dash: [6, 4] } : {}),
          ...(line.fill ? { fill: stroke.replace('rgb(', 'rgba(').replace(')', ', 0.12)') } : {}),
          points: {
            size: 4,
            filter: (chart, index, show) => (show ? null : loneValues(chart.data[index] ?? [])),
          },
        };
      }),
    ],
    hooks: {
      setCursor: [
        (chart) => {
          const { idx, left = -1 } = chart.cursor;
          onCursor(
            idx == null || left < 0
              ? null
              : { index: idx, left: left + chart.bbox.left / devicePixelRatio },
          );
        },
      ],
      setSelect: [
        (chart) => {
          if (chart.select.width < 4 || !props.onSpan) return;
          const from = chart.posToVal(chart.select.left, 'x');
          const to = chart.posToVal(chart.select.left + chart.select.width, 'x');
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          props.onSpan(from, to);
        },
      ],
    },
  };
}

export default function ChartCanvas(props: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const scheme = useComputedColorScheme();
  const data: uPlot.AlignedData = [props.times, ...props.lines.map((line) => line.values)];
  const shape = [props.zone, ...props.lines.map((line) => line.label + line.color)].join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew when its shape or theme changes
  useEffect(() => {
    const at = place.current;
    if (!at) return;
    const made = new uPlot(optionsOf(latest.current, at, setCursor), data, at);
    chart.current = made;
    const resize = new ResizeObserver(() => {
      made.setSize({ width: Math.max(at.clientWidth, 100), height: latest.current.height ?? 180 });
    });
    resize.observe(at);
    return () => {
      resize.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape, scheme]);
  useEffect(() => {
    // A chart under the pointer stands still.
    if (chart.current && !place.current?.matches(':hover')) chart.current.setData(data);
  });
  return (
    <>
      <div ref={place} />
      {cursor && <Readout {...props} cursor={cursor} width={place.current?.clientWidth ?? 0} />}
    </>
  );
}

// What the lines say where the cursor stands, on the side where there is room.
function Readout(props: CanvasProps & { cursor: Cursor; width: number }) {
  const { cursor, width, lines, zone } = props;
  const time = props.times[cursor.index];
  if (time === undefined) return null;
  const side =
    cursor.left > width / 2 ? { right: width - cursor.left + 8 } : { left: cursor.left + 8 };
  return (
    <div className={classes.readout} style={side} data-testid="readout">
      <div className="dim">{secondText(time * 1_000, zone)}</div>
      {lines.map((line) => {
        const value = line.values[cursor.index];
        return (
          <div key={line.label}>
            {line.label} <strong>{value == null ? '–' : props.format(value)}</strong>
          </div>
        );
      })}
    </div>
  );
}
