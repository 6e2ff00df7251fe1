import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { linter, lintGutter } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { JsonViewProps } from './JsonView';
import classes from './JsonView.module.css';

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'light-dark(#0b4fa8, #8db8ff)' },
  { tag: tags.string, color: 'var(--status-completed)' },
  { tag: tags.number, color: 'light-dark(#8a5503, #fdd12f)' },
  { tag: [tags.bool, tags.null], color: 'var(--status-blocked)' },
]);
const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--page)', color: 'var(--text)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px' },
  '.cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--dim)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-panels': { backgroundColor: 'var(--card)', color: 'var(--text)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-activeLine': { backgroundColor: 'var(--hover)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#cfe1fb, #30435f)',
  },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--card)',
    color: 'var(--dim)',
    border: '1px solid var(--line)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--card)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
  },
});

const faultsIn = jsonParseLinter();
// An empty text is no payload, not a broken one.
const isBlank = (of: EditorView): boolean => of.state.doc.toString().trim() === '';

// Given once by the application: the style elements that the editor makes carry it.
let nonce = '';
export function setEditorNonce(given: string): void {
  nonce = given;
}

function extensionsFor(props: JsonViewProps, onChange: (text: string) => void): Extension[] {
  const editable = props.onChange !== undefined;
  const always: Extension[] = [
    EditorView.cspNonce.of(
      nonce || (document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''),
    ),
    look,
    search({ top: true }),
    highlightSelectionMatches(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      'aria-label': props.label,
      ...(editable ? {} : { tabindex: '0' }),
    }),
    keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap, ...historyKeymap]),
  ];
  if (!props.plain) {
    always.push(
      json(),
      syntaxHighlighting(colours),
      codeFolding(),
      foldGutter(),
      bracketMatching(),
    );
  }
  if (!editable) return [...always, EditorState.readOnly.of(true), EditorView.editable.of(false)];
  return [
    ...always,
    history(),
    indentOnInput(),
    lintGutter(),
    linter((of) => (isBlank(of) ? [] : faultsIn(of))),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
  ];
}

export default function JsonEditor(props: JsonViewProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const editable = props.onChange !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: made once a mode; the text is set below
  useEffect(() => {
    if (!place.current) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: extensionsFor(latest.current, (text) => latest.current.onChange?.(text)),
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [editable, props.plain, props.label]);
  useEffect(() => {
    const made = view.current;
    if (!made || made.state.doc.toString() === props.text) return;
    made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: props.text } });
  }, [props.text]);
  return <div ref={place} className={classes.editor} />;
}
