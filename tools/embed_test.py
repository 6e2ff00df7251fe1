import pathlib
import tempfile
import unittest

import embed


class ParseQueries(unittest.TestCase):
    def test_names_statements_and_drops_comments(self):
        text = "-- about\n-- name: one\nSELECT 1 -- why\n;\n\n-- name: two\nSELECT 2,\n  3;\n"
        self.assertEqual(embed.parse_queries(text, "x"),
                         [("one", "SELECT 1"), ("two", "SELECT 2,\n  3")])

    def test_refuses_what_has_no_name_twice_the_name_or_no_text(self):
        for text in ("SELECT 1;", "-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;", "-- name: a\n",
                     "-- name: No\nSELECT 1"):
            with self.assertRaises(embed.Mistake):
                embed.parse_queries(text, "x")


class Code(unittest.TestCase):
    def test_literals_keep_every_byte(self):
        self.assertEqual(embed.literal(b'a"\\\n\x00?'),
                         'std::string_view("a\\"\\\\\\n\\000\\?", 6)')

    def test_migrations_are_gapless(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "0002_late.sql").write_text("SELECT 1;")
            with self.assertRaises(embed.Mistake):
                embed.sql_code(root / "none", root, "n")

    def test_files_become_constants(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.txt"
            path.write_text("hi")
            header, source = embed.file_code([f"greeting={path}"], "belfry::x")
            self.assertIn("extern const std::string_view greeting;", header)
            self.assertIn('std::string_view("hi", 2)', source)


if __name__ == "__main__":
    unittest.main()
