package io.heed.graph.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A knowledge graph in a folder: {@code train}, {@code valid}, {@code test} (head, relation, tail as numbers, no
 * heading) and {@code entities}, {@code relations} (number, name, with a heading), tab-separated, plain or gzipped.
 */
public final class TsvTriples {
    private TsvTriples() { }

    /**
     * Reads the folder; the set is called as the folder is.
     *
     * @throws IllegalArgumentException in one line, with file and line number
     */
    public static TripleData read(Path folder) {
        List<String> entities = names(folder, "entities.tsv");
        List<String> relations = names(folder, "relations.tsv");
        return new TripleData(folder.getFileName().toString(), entities, relations,
                triples(folder, "train.tsv", entities.size(), relations.size()),
                triples(folder, "valid.tsv", entities.size(), relations.size()),
                triples(folder, "test.tsv", entities.size(), relations.size()));
    }

    private static List<String> names(Path folder, String file) {
        List<String> names = new ArrayList<>();
        try (Lines lines = Lines.open(folder, file)) {
            lines.heading();
            for (String line = lines.next(); line != null; line = lines.next()) {
                names.add(lines.fields(line, 2)[1]);
            }
        }
        return names;
    }

    private static int[][] triples(Path folder, String file, int entities, int relations) {
        List<int[]> triples = new ArrayList<>();
        try (Lines lines = Lines.open(folder, file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                String[] fields = lines.fields(line, 3);
                int[] triple = {lines.whole(fields[0]), lines.whole(fields[1]), lines.whole(fields[2])};
                for (int i = 0; i < 3; i++) {
                    int bound = i == 1 ? relations : entities;
                    if (triple[i] < 0 || triple[i] >= bound) {
                        throw lines.problem((i == 1 ? "relation " : "entity ") + triple[i]
                                + " does not exist, there are "
                                + bound);
                    }
                }
                triples.add(triple);
            }
        }
        return triples.toArray(int[][]::new);
    }
}
