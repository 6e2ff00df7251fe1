# Sources and tests of the nouns, included by CMakeLists.txt: "sqlnouns" adds here.
set(noun_sources)
set(noun_tests)
