# Sources and tests of the nouns.
set(noun_sources
  api_key_edits.cpp api_key_rows.cpp delivery_edits.cpp delivery_rows.cpp
  destination_edits.cpp destination_rows.cpp endpoint_edits.cpp
  endpoint_rows.cpp idempotency_edits.cpp metric_rows.cpp positions.cpp queue_edits.cpp
  queue_rows.cpp signing_key_edits.cpp signing_key_rows.cpp task_edits.cpp task_rows.cpp
  task_walk.cpp tenant_edits.cpp tenant_rows.cpp totals.cpp)
set(noun_tests)
