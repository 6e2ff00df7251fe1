import { Button, Table } from '@mantine/core';
import { useState } from 'react';
import type { Attempt } from '../../api/tasks';
import { Duration, TimeText } from '../../ui/TimeText';
import { outcomeWords, statusToTell } from './timeline';

const ROWS_MAX = 20;

// All attempts side by side, the newest first: what differed between them is one look.
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  const [open, setOpen] = useState(false);
  const shown = [...attempts].reverse().slice(0, ROWS_MAX);
  const runs = new Set(attempts.map((one) => one.run)).size;
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {open ? 'Hide the comparison' : `Compare ${attempts.length} attempts`}
      </Button>
      {open && (
        <Table.ScrollContainer minWidth={480}>
          <Table aria-label="Attempts compared">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Attempt</Table.Th>
                <Table.Th>Began</Table.Th>
                <Table.Th ta="right">Took</Table.Th>
                <Table.Th>Outcome</Table.Th>
                <Table.Th>Error</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((attempt) => (
                <Table.Tr key={attempt.number}>
                  <Table.Td className="num">
                    {attempt.number}
                    {runs > 1 && <span className="dim"> run {attempt.run}</span>}
                  </Table.Td>
                  <Table.Td>
                    <TimeText at={attempt.startedAt} exact />
                  </Table.Td>
                  <Table.Td ta="right">
                    <Duration ms={attempt.durationMs} />
                  </Table.Td>
                  <Table.Td>
                    {outcomeWords(attempt.outcome)}
                    {statusToTell(attempt) ? ` (${attempt.httpStatus})` : ''}
                    {attempt.worker && (
                      <>
                        , <bdi>{attempt.worker}</bdi>
                      </>
                    )}
                  </Table.Td>
                  <Table.Td miw={160}>
                    {attempt.errorMessage ? <bdi>{attempt.errorMessage}</bdi> : '–'}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {open && attempts.length > ROWS_MAX && (
        <p className="dim">
          The newest {ROWS_MAX} of {attempts.length}.
        </p>
      )}
    </>
  );
}
