import { Checkbox } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react';
import { Link } from 'wouter';
import classes from './DataTable.module.css';
import { usePreference } from './preferences';

export interface Column<Row> {
  id: string;
  title: string;
  // A CSS grid track: '120px', 'minmax(160px, 1fr)'.
  width: string;
  align?: 'right';
  cell: (row: Row) => ReactNode;
  // Where it stands on a phone, whose rows have two lines; left out there if not given.
  phone?: 1 | 2;
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
  // Stands at the end of a row, seen on hover and focus.
  menuOf?: (row: Row) => ReactNode;
  // How many rows there are in all; nothing if that is not known.
  total?: number;
  onNearEnd?: () => void;
  // Which rows are on screen, for the live feed.
  onVisible?: (ids: string[]) => void;
  onHold?: (held: boolean) => void;
  foot?: ReactNode;
  onPeek?: (row: Row) => void;
}

const ROW = { roomy: 36, dense: 28, phone: 56 };

// A table of any length: only the rows on screen are in the page. Keys: j k or arrows, x selects,
// Shift+x a range, Enter follows the row's link.
export function DataTable<Row>(props: Props<Row>) {
  const { columns, rows, idOf, selection } = props;
  const [dense] = usePreference('dense');
  const phone = useMediaQuery('(max-width: 640px)') ?? false;
  const height = phone ? ROW.phone : dense ? ROW.dense : ROW.roomy;
  const body = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const anchor = useRef<string | null>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : idOf(row);
    },
  });
  const items = virtual.getVirtualItems();
  const { onNearEnd, onVisible } = props;
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length * 0.75) onNearEnd?.();
  }, [last, rows.length, onNearEnd]);
  const visible = items
    .map((item) => rows[item.index])
    .filter((row) => row !== undefined)
    .map(idOf)
    .join(',');
  useEffect(() => {
    onVisible?.(visible === '' ? [] : visible.split(','));
  }, [visible, onVisible]);

  const select = (id: string, on: boolean, range: boolean) => {
    if (!selection) return;
    const next = new Set(selection.ids);
    const from =
      range && anchor.current ? rows.findIndex((row) => idOf(row) === anchor.current) : -1;
    const to = rows.findIndex((row) => idOf(row) === id);
    const touched =
      from < 0
        ? [id]
        : rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => idOf(row));
    for (const one of touched) {
      if (on) next.add(one);
      else next.delete(one);
    }
    anchor.current = id;
    selection.onChange(next);
  };

  const focusRow = (index: number) => {
    const bounded = Math.max(0, Math.min(rows.length - 1, index));
    setActive(bounded);
    virtual.scrollToIndex(bounded);
    requestAnimationFrame(() =>
      body.current?.querySelector<HTMLElement>(`[data-row="${bounded}"] [data-main]`)?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[active];
    const steps: Record<string, number> = {
      j: 1,
      ArrowDown: 1,
      k: -1,
      ArrowUp: -1,
      PageDown: 15,
      PageUp: -15,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      focusRow(active + step);
    } else if (event.key.toLowerCase() === 'x' && row !== undefined && selection) {
      event.preventDefault();
      select(idOf(row), !selection.ids.has(idOf(row)), event.shiftKey);
    } else if (event.key === 'p' && row !== undefined && props.onPeek) {
      event.preventDefault();
      props.onPeek(row);
    }
  };
  const shown = phone ? columns.filter((column) => column.phone) : columns;
  const template = [
    selection && !phone ? '36px' : '',
    ...shown.map((column) => column.width),
    props.menuOf && !phone ? '36px' : '',
  ]
    .filter(Boolean)
    .join(' ');
  const loaded = rows.map(idOf);
  const all = loaded.length > 0 && loaded.every((id) => selection?.ids.has(id));

  const rowOf = (row: Row, index: number, top: number) => {
    const id = idOf(row);
    const selected = selection?.ids.has(id) ?? false;
    const href = props.hrefOf?.(row);
    return (
      <div
        key={id}
        role="row"
        tabIndex={-1}
        aria-rowindex={index + 2}
        aria-selected={selection ? selected : undefined}
        data-row={index}
        data-id={id}
        data-phone={phone || undefined}
        data-dimmed={props.isDimmed?.(row) || undefined}
        className={classes.row}
        style={{
          height,
          transform: `translateY(${top}px)`,
          gridTemplateColumns: phone ? undefined : template,
        }}
        onFocus={() => setActive(index)}
      >
        {selection && !phone && (
          <div role="cell" className={classes.cell} tabIndex={-1}>
            <Checkbox
              size="xs"
              checked={selected}
              aria-label={`Select ${props.nameOf(row)}`}
              tabIndex={index === active ? 0 : -1}
              onChange={() => {}}
              onClick={(event: MouseEvent) => select(id, !selected, event.shiftKey)}
            />
          </div>
        )}
        {shown.map((column) => (
          <div
            key={column.id}
            role="cell"
            tabIndex={-1}
            className={classes.cell}
            data-align={column.align}
            data-line={phone ? column.phone : undefined}
          >
            {href !== undefined && column.id === props.linkColumn ? (
              <Link
                href={href}
                className={classes.main}
                data-main
                onPointerEnter={props.onPoint}
                onFocus={props.onPoint}
                tabIndex={index === active ? 0 : -1}
              >
                {column.cell(row)}
              </Link>
            ) : (
              column.cell(row)
            )}
          </div>
        ))}
        {props.menuOf && !phone && (
          <div role="cell" className={`${classes.cell} ${classes.menu}`} tabIndex={-1}>
            {props.menuOf(row)}
          </div>
        )}
      </div>
    );
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the rows inside
    <div
      className={classes.frame}
      onMouseEnter={() => props.onHold?.(true)}
      onMouseLeave={() => props.onHold?.(false)}
      onKeyDown={onKeyDown}
    >
      <div
        role="table"
        aria-label={props.label}
        aria-rowcount={props.total !== undefined ? props.total + 1 : -1}
        className={classes.table}
      >
        {!phone && (
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
            {shown.map((column) => (
              <div
                key={column.id}
                role="columnheader"
                tabIndex={-1}
                className={classes.cell}
                data-align={column.align}
              >
                {column.title}
              </div>
            ))}
            {props.menuOf && (
              <div
                role="columnheader"
                tabIndex={-1}
                aria-label="Actions"
                className={classes.cell}
              />
            )}
          </div>
        )}
        <div role="rowgroup" ref={body} className={classes.body} data-testid="rows">
          <div
            role="presentation"
            className={classes.canvas}
            style={{ height: virtual.getTotalSize() }}
          >
            {items.map((item) => {
              const row = rows[item.index];
              return row === undefined ? null : rowOf(row, item.index, item.start);
            })}
          </div>
          {props.foot}
        </div>
      </div>
    </div>
  );
}
