package io.heed.graph.data;

import java.nio.file.Path;

import io.heed.graph.Graph;

/**
 * A text file with an edge a line, two node numbers between spaces, tabs or a comma; lines that start with {@code #}
 * and a first line of names are skipped. Nodes are 0 to the largest number.
 */
public final class EdgeList {
    private EdgeList() { }

    /**
     * Reads a graph.
     *
     * @param undirected whether each line stands for both directions
     * @throws IllegalArgumentException in one line, with file and line number
     */
    public static Graph read(Path file, boolean undirected) {
        IntList u = new IntList();
        IntList v = new IntList();
        int largest = -1;
        try (Lines lines = Lines.open(file)) {
            boolean first = true;
            for (String line = lines.next(); line != null; line = lines.next()) {
                String text = line.strip();
                if (text.isEmpty() || text.startsWith("#")) {
                    continue;
                }
                String[] fields = text.split("[\\s,]+");
                boolean heading = first && !Character.isDigit(text.charAt(0)) && text.charAt(0) != '-';
                first = false;
                if (heading) {
                    continue;
                }
                if (fields.length < 2) {
                    throw lines.problem("has one number, an edge needs two");
                }
                int a = lines.whole(fields[0]);
                int b = lines.whole(fields[1]);
                if (a < 0 || b < 0) {
                    throw lines.problem("node numbers must not be negative");
                }
                u.add(a);
                v.add(b);
                largest = Math.max(largest, Math.max(a, b));
            }
        }
        if (largest < 0) {
            throw new IllegalArgumentException(file + " holds no edge");
        }
        return undirected ? Graph.undirected(largest + 1, u.toArray(), v.toArray())
                : Graph.directed(largest + 1, u.toArray(), v.toArray());
    }
}
