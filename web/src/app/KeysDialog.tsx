import { Kbd, Modal, Table } from '@mantine/core';
import type { Place } from './nav';

const COMMON: [string, string][] = [
  ['Ctrl K', 'Search pages, tasks, queues'],
  ['/', 'Filter (Tasks)'],
  ['j k', 'Next and previous row'],
  ['Enter', 'Open the row'],
  ['p', 'Peek at the row (Tasks)'],
  ['x, Shift x', 'Select the row; a range'],
  ['.', 'Show new rows (Tasks)'],
  ['f', 'Follow new rows (Tasks)'],
  ['r', 'Retry (asks)'],
  ['Del', 'Cancel (asks)'],
  ['y, Shift y', 'Copy the id; the link (Task)'],
  ['u', 'The same as curl (Task)'],
  ['[ ]', 'Previous and next task of the list'],
  ['c', 'Submit a task'],
  ['t', 'Times: relative, local, UTC'],
  ['d', 'Light or dark'],
  ['Esc', 'Back out'],
  ['?', 'This list'],
];

export default function KeysDialog({ places, onClose }: { places: Place[]; onClose: () => void }) {
  const rows: [string, string][] = [
    ...places.flatMap((place): [string, string][] =>
      place.rail ? [[`g ${place.rail.key}`, place.title]] : [],
    ),
    ...COMMON,
  ];
  return (
    <Modal opened onClose={onClose} title="Shortcuts" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Table>
        <Table.Tbody>
          {rows.map(([keys, words]) => (
            <Table.Tr key={keys}>
              <Table.Td>
                <Kbd>{keys}</Kbd>
              </Table.Td>
              <Table.Td>{words}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
