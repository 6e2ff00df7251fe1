-- Fragments that C++ composes into the arms of task_page.sql; none is a statement. In each,
-- "values" becomes a list of parameters.

-- name: no_filter
1 AS hit

-- name: hit_begin
(1

-- name: hit_end
) AS hit

-- name: no_options
NULL AS options

-- name: with_options
b.options AS options

-- name: also
UNION ALL

-- name: newest_first
ORDER BY 1 DESC LIMIT ?4

-- name: status_any
AND coalesce(l.status, o.status) IN (values)

-- name: status_unfinished
AND l.status IN (values)

-- name: status_finished
AND o.status IN (values)

-- name: queue
AND b.lane >> 2 IN (values)

-- name: task_name
AND b.name IN (values)

-- name: created_from
AND coalesce((SELECT m.at FROM submitted AS m WHERE m.seq = b.seq), b.seq >> 12) >= values

-- name: created_to
AND coalesce((SELECT m.at FROM submitted AS m WHERE m.seq = b.seq), b.seq >> 12) < values

-- name: finished_from
AND o.finished_at >= values

-- name: finished_to
AND o.finished_at < values

-- name: text
AND (text_holds(b.name, values) OR json_holds(b.payload, values)
     OR text_holds((CASE WHEN l.seq IS NULL THEN o.error
          ELSE (SELECT a.error FROM attempts AS a
                WHERE a.seq = b.seq AND a.run = l.run AND a.error <> ''
                ORDER BY a.number DESC LIMIT 1) END), values))

-- For a text that may be part of an id.
-- name: text_or_id
AND (text_holds(b.name, values) OR json_holds(b.payload, values)
     OR instr(printf('%08x-%04x-7%03x-%04x-%012x', b.seq >> 28, (b.seq >> 12) & 0xffff,
                     b.seq & 0xfff, (b.id_low >> 48) & 0xffff, b.id_low & 0xffffffffffff), values)
     OR text_holds((CASE WHEN l.seq IS NULL THEN o.error
          ELSE (SELECT a.error FROM attempts AS a
                WHERE a.seq = b.seq AND a.run = l.run AND a.error <> ''
                ORDER BY a.number DESC LIMIT 1) END), values))
