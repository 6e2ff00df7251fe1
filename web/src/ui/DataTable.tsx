import { Checkbox } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import classes from './DataTable.module.css';
import { usePreference } from './preferences';
import { useTableKeys } from './table_keys';

export interface Column<Row> {
  id: string;
  title: string;
  // A CSS grid track: '120px', 'minmax(160px, 1fr)'.
  width: string;
  align?: 'right';
  cell: (row: Row) => ReactNode;
  // Its line on a phone, whose rows have two; left out there if not given.
  phone?: 1 | 2;
  // On a phone it takes what its line has left, and ends in «…».
  fills?: boolean;
}

export interface Selection {
  ids: ReadonlySet<string>;
  onChange: (ids: ReadonlySet<string>) => void;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  idOf: (row: Row) => string;
  // The one link of a row stands in the column of this id.
  linkColumn?: string;
  hrefOf?: (row: Row) => string;
  // A row's link is pointed at: what its page needs can be fetched ahead.
  onPoint?: () => void;
  selection?: Selection;
  // What a row is called for people who hear it.
  nameOf: (row: Row) => string;
  isDimmed?: (row: Row) => boolean;
  // Stands at the end of a row, seen on hover and focus, and always where nothing hovers.
  menuOf?: (row: Row) => ReactNode;
  // How many rows there are in all; nothing if that is not known.
  total?: number;
  onNearEnd?: () => void;
  // Which rows are on screen, for the live feed.
  onVisible?: (ids: string[]) => void;
  // The pointer or the focus is in the table.
  onHold?: (held: boolean) => void;
  foot?: ReactNode;
  onPeek?: (row: Row) => void;
  // Further single keys, with the row that has the focus, if one has.
  keys?: Record<string, (row: Row | null) => void>;
  // Where it was scrolled to when it was left, and where it is now.
  initialTop?: number;
  onScrolled?: (top: number) => void;
  // Scrolls to the top whenever this changes.
  jump?: unknown;
}

const ROW = { roomy: 36, dense: 28, phone: 56 };

// A table of any length: only the rows on screen are in the page. Keys: j k or arrows, x selects,
// Shift+x a range, Enter follows the row's link.
export function DataTable<Row>(props: Props<Row>) {
  const { columns, rows, idOf, selection } = props;
  const [dense] = usePreference('dense');
  const phone = useMediaQuery('(max-width: 640px)', undefined, { getInitialValueInEffect: false });
  const height = phone ? ROW.phone : dense ? ROW.dense : ROW.roomy;
  const frame = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => height,
    overscan: 8,
    initialOffset: props.initialTop ?? 0,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : idOf(row);
    },
  });
  const items = virtual.getVirtualItems();
  useOnScreen(
    props,
    items.map((item) => item.index),
  );
  useJump(body, props.jump);
  const select = useSelect(rows, idOf, selection);

  // The row that has, or last had, the focus.
  const [activeId, setActiveId] = useState<string | null>(null);
  const active = Math.max(
    0,
    rows.findIndex((row) => idOf(row) === activeId),
  );
  const focusRow = (index: number) => {
    const bounded = Math.max(0, Math.min(rows.length - 1, index));
    const row = rows[bounded];
    if (row === undefined) return;
    setActiveId(idOf(row));
    virtual.scrollToIndex(bounded);
    requestAnimationFrame(() =>
      body.current?.querySelector<HTMLElement>(`[data-row="${bounded}"] [data-main]`)?.focus(),
    );
  };
  useTableKeys(frame, {
    move: (step, inside) => focusRow(inside ? active + step : active),
    press: (event, inside) => {
      const row = rows[active];
      if (row === undefined) return false;
      const id = idOf(row);
      if (event.key.toLowerCase() === 'x' && selection) {
        if (!inside) focusRow(active);
        select(id, !selection.ids.has(id), event.shiftKey);
      } else if (event.key === 'p' && props.onPeek) {
        props.onPeek(row);
      } else if (props.keys?.[event.key]) {
        props.keys[event.key]?.(inside ? row : null);
      } else return false;
      return true;
    },
  });
  const shown = phone ? columns.filter((column) => column.phone) : columns;
  const template = [
    selection ? '36px' : '',
    ...(phone ? ['minmax(0, 1fr)'] : shown.map((column) => column.width)),
    props.menuOf ? '36px' : '',
  ]
    .filter(Boolean)
    .join(' ');
  const hold = useHold(frame, props.onHold);

  return (
    <div ref={frame} className={classes.frame} {...hold}>
      <div
        role="table"
        aria-label={props.label}
        aria-rowcount={props.total !== undefined ? props.total + 1 : -1}
        className={classes.table}
      >
        <Head {...props} columns={shown} template={template} phone={phone} />
        <div
          role="rowgroup"
          ref={body}
          className={classes.body}
          data-testid="rows"
          onScroll={(event) => props.onScrolled?.(event.currentTarget.scrollTop)}
        >
          <div
            role="presentation"
            className={classes.canvas}
            style={{ height: virtual.getTotalSize() }}
          >
            {items.map((item) => {
              const row = rows[item.index];
              return row === undefined ? null : (
                <TableRow
                  key={item.key}
                  {...props}
                  columns={shown}
                  phone={phone}
                  row={row}
                  index={item.index}
                  tabbable={item.index === active}
                  style={{
                    height,
                    transform: `translateY(${item.start}px)`,
                    gridTemplateColumns: template,
                  }}
                  onActive={() => setActiveId(idOf(row))}
                  onSelect={select}
                />
              );
            })}
          </div>
          {props.foot}
        </div>
      </div>
    </div>
  );
}

// Tells which rows are on screen, and when the end comes near.
function useOnScreen<Row>(props: Props<Row>, indexes: number[]): void {
  const { rows, idOf, onNearEnd, onVisible } = props;
  const last = indexes.at(-1) ?? -1;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length * 0.75) onNearEnd?.();
  }, [last, rows.length, onNearEnd]);
  const visible = indexes
    .map((index) => rows[index])
    .filter((row) => row !== undefined)
    .map(idOf)
    .join(',');
  useEffect(() => {
    onVisible?.(visible === '' ? [] : visible.split(','));
  }, [visible, onVisible]);
}

function useJump(body: { current: HTMLElement | null }, jump: unknown): void {
  const last = useRef(jump);
  useEffect(() => {
    if (last.current !== jump) body.current?.scrollTo(0, 0);
    last.current = jump;
  }, [body, jump]);
}

// Says when the pointer or the focus comes into the table, and when both have left.
function useHold(frame: { current: HTMLElement | null }, onHold?: (held: boolean) => void) {
  const inside = useRef({ pointer: false, focus: false });
  const say = (change: Partial<typeof inside.current>) => {
    inside.current = { ...inside.current, ...change };
    onHold?.(inside.current.pointer || inside.current.focus);
  };
  return {
    onPointerEnter: () => say({ pointer: true }),
    onPointerLeave: () => say({ pointer: false }),
    onFocus: () => say({ focus: true }),
    onBlur: (event: { relatedTarget: EventTarget | null }) =>
      say({
        focus:
          event.relatedTarget instanceof Node && !!frame.current?.contains(event.relatedTarget),
      }),
  };
}

// Selects a row, or all from the last one touched to it.
function useSelect<Row>(rows: Row[], idOf: (row: Row) => string, selection?: Selection) {
  const anchor = useRef<string | null>(null);
  return (id: string, on: boolean, range: boolean) => {
    if (!selection) return;
    const next = new Set(selection.ids);
    const place = (of: string) => rows.findIndex((row) => idOf(row) === of);
    const from = range && anchor.current ? place(anchor.current) : -1;
    const to = place(id);
    const touched =
      from < 0 ? [id] : rows.slice(Math.min(from, to), Math.max(from, to) + 1).map(idOf);
    for (const one of touched) {
      if (on) next.add(one);
      else next.delete(one);
    }
    anchor.current = id;
    selection.onChange(next);
  };
}

interface HeadProps<Row> extends Props<Row> {
  template: string;
  phone: boolean;
}

// Titles, and the box for all loaded rows; on a phone the box alone.
function Head<Row>({ columns, rows, idOf, selection, menuOf, template, phone }: HeadProps<Row>) {
  if (phone && !selection) return null;
  const loaded = rows.map(idOf);
  const all = loaded.length > 0 && loaded.every((id) => selection?.ids.has(id));
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={1}
      className={classes.head}
      style={{ gridTemplateColumns: template }}
    >
      {selection && (
        <div role="columnheader" tabIndex={-1} className={classes.cell}>
          <Checkbox
            size="xs"
            aria-label="Select all loaded rows"
            checked={all}
            indeterminate={!all && loaded.some((id) => selection.ids.has(id))}
            onChange={() => selection.onChange(new Set(all ? [] : loaded))}
          />
        </div>
      )}
      {phone ? (
        <div role="columnheader" tabIndex={-1} className={classes.cell}>
          All loaded rows
        </div>
      ) : (
        columns.map((column) => (
          <div
            key={column.id}
            role="columnheader"
            tabIndex={-1}
            className={classes.cell}
            data-align={column.align}
          >
            {column.title}
          </div>
        ))
      )}
      {menuOf && (
        <div role="columnheader" tabIndex={-1} aria-label="Actions" className={classes.cell} />
      )}
    </div>
  );
}

interface RowProps<Row> extends Props<Row> {
  row: Row;
  index: number;
  phone: boolean;
  // It is the one that the tabulator key reaches.
  tabbable: boolean;
  style: { height: number; transform: string; gridTemplateColumns: string };
  onActive: () => void;
  onSelect: (id: string, on: boolean, range: boolean) => void;
}

function TableRow<Row>(props: RowProps<Row>) {
  const { row, index, columns, selection, phone } = props;
  const id = props.idOf(row);
  const selected = selection?.ids.has(id) ?? false;
  const cellOf = (column: Column<Row>) => <Cell key={column.id} {...props} column={column} />;
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={selection ? selected : undefined}
      data-row={index}
      data-id={id}
      data-phone={phone || undefined}
      data-dimmed={props.isDimmed?.(row) || undefined}
      className={classes.row}
      style={props.style}
      onFocus={props.onActive}
    >
      {selection && (
        <div role="cell" className={classes.cell} tabIndex={-1}>
          <Checkbox
            size="xs"
            checked={selected}
            aria-label={`Select ${props.nameOf(row)}`}
            tabIndex={props.tabbable ? 0 : -1}
            onChange={() => {}}
            onClick={(event: MouseEvent) => props.onSelect(id, !selected, event.shiftKey)}
          />
        </div>
      )}
      {phone ? (
        <div role="presentation" className={classes.lines}>
          {([1, 2] as const).map((line) => (
            <div key={line} role="presentation" className={classes.line} data-line={line}>
              {columns.filter((column) => column.phone === line).map(cellOf)}
            </div>
          ))}
        </div>
      ) : (
        columns.map(cellOf)
      )}
      {props.menuOf && (
        <div role="cell" className={`${classes.cell} ${classes.menu}`} tabIndex={-1}>
          {props.menuOf(row)}
        </div>
      )}
    </div>
  );
}

function Cell<Row>(props: RowProps<Row> & { column: Column<Row> }) {
  const { row, column } = props;
  const href = props.hrefOf?.(row);
  return (
    <div
      role="cell"
      tabIndex={-1}
      className={classes.cell}
      data-align={column.align}
      data-fills={column.fills || undefined}
    >
      {href !== undefined && column.id === props.linkColumn ? (
        <Link
          href={href}
          className={classes.main}
          data-main
          onPointerEnter={props.onPoint}
          onFocus={props.onPoint}
          tabIndex={props.tabbable ? 0 : -1}
        >
          {column.cell(row)}
        </Link>
      ) : (
        column.cell(row)
      )}
    </div>
  );
}
