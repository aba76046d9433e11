package io.heed.graph.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import io.heed.graph.EdgeFeatures;
import io.heed.graph.Graph;
import io.heed.graph.NodeFeatures;

/**
 * A node-property set in the layout of the Open Graph Benchmark: {@code raw/edge.csv}, {@code raw/num-node-list.csv},
 * {@code raw/node-feat.csv}, {@code raw/edge-feat.csv} where edges have features, {@code raw/node-label.csv} and
 * {@code split/<scheme>/{train,valid,test}.csv}, each gzipped or plain, without headings.
 */
public final class OgbCsv {
    private OgbCsv() { }

    /**
     * Reads the folder; the set is called as the folder is.
     *
     * @param undirected whether an edge stands for both directions
     * @throws IllegalArgumentException in one line, with file and line number
     */
    public static NodeData read(Path folder, boolean undirected) {
        Path raw = folder.resolve("raw");
        int nodes;
        try (Lines lines = Lines.open(raw, "num-node-list.csv")) {
            nodes = lines.whole(lines.heading());
        }
        IntList u = new IntList();
        IntList v = new IntList();
        try (Lines lines = Lines.open(raw, "edge.csv")) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                int comma = line.indexOf(',');
                if (comma < 0) {
                    throw lines.problem("has one number, an edge needs two");
                }
                u.add(node(lines, line.substring(0, comma), nodes));
                v.add(node(lines, line.substring(comma + 1), nodes));
            }
        }
        Graph graph = undirected ? Graph.undirected(nodes, u.toArray(), v.toArray())
                : Graph.directed(nodes, u.toArray(), v.toArray());
        if (Lines.exists(raw, "edge-feat.csv")) {
            graph = graph.withEdgeFeatures(edgeFeatures(raw, u.toArray(), v.toArray(), graph.edges()));
        }
        int[] labels = new int[nodes];
        int classes = 1;
        try (Lines lines = Lines.open(raw, "node-label.csv")) {
            for (int i = 0; i < nodes; i++) {
                String line = lines.next();
                if (line == null) {
                    throw lines.problem("the file ends after " + i + " labels, there are " + nodes + " nodes");
                }
                labels[i] = line.isBlank() || line.equals("nan") ? -1 : (int) number(lines, line);
                classes = Math.max(classes, labels[i] + 1);
            }
        }
        return new NodeData(folder.getFileName().toString(), graph.withFeatures(features(raw, nodes)), labels, classes,
                List.of(split(folder.resolve("split"), nodes)));
    }

    private static NodeFeatures features(Path raw, int nodes) {
        float[][] rows = rows(raw, "node-feat.csv", nodes, "node");
        return new NodeFeatures.Dense(joined(rows), nodes, rows[0].length);
    }

    /** Of the edges as listed, then of those that run the other way, which an undirected graph has behind them. */
    private static EdgeFeatures edgeFeatures(Path raw, int[] u, int[] v, int edges) {
        float[][] listed = rows(raw, "edge-feat.csv", u.length, "edge");
        float[][] all = Arrays.copyOf(listed, edges);
        int next = u.length;
        for (int e = 0; e < u.length && next < edges; e++) {
            if (u[e] != v[e]) {
                all[next++] = listed[e];
            }
        }
        return new EdgeFeatures(joined(all), listed.length == 0 ? 1 : listed[0].length);
    }

    private static float[][] rows(Path raw, String file, int count, String what) {
        float[][] rows = new float[count][];
        try (Lines lines = Lines.open(raw, file)) {
            for (int i = 0; i < count; i++) {
                String line = lines.next();
                if (line == null) {
                    throw lines.problem("the file ends after the features of " + i + " " + what + "s, there are "
                            + count);
                }
                String[] fields = line.split(",");
                rows[i] = new float[fields.length];
                if (fields.length != rows[0].length) {
                    throw lines.problem("has " + fields.length + " features, the first " + what + " has "
                            + rows[0].length);
                }
                for (int c = 0; c < fields.length; c++) {
                    rows[i][c] = (float) number(lines, fields[c]);
                }
            }
        }
        return rows;
    }

    private static float[] joined(float[][] rows) {
        int width = rows.length == 0 ? 0 : rows[0].length;
        float[] all = new float[Math.multiplyExact(rows.length, width)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, all, i * width, width);
        }
        return all;
    }

    private static NodeSplit split(Path splits, int nodes) {
        Path scheme;
        try (Stream<Path> below = Files.list(splits)) {
            scheme = below.filter(Files::isDirectory).sorted().findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(splits + " holds no split"));
        } catch (IOException e) {
            throw new IllegalArgumentException(splits + " cannot be read: " + e.getMessage(), e);
        }
        List<int[]> parts = new ArrayList<>();
        for (String name : List.of("train.csv", "valid.csv", "test.csv")) {
            IntList part = new IntList();
            try (Lines lines = Lines.open(scheme, name)) {
                for (String line = lines.next(); line != null; line = lines.next()) {
                    part.add(node(lines, line, nodes));
                }
            }
            parts.add(part.toArray());
        }
        return new NodeSplit(parts.get(0), parts.get(1), parts.get(2));
    }

    private static double number(Lines lines, String text) {
        try {
            return Double.parseDouble(text.strip());
        } catch (NumberFormatException e) {
            throw lines.problem("'" + text + "' is not a number");
        }
    }

    private static int node(Lines lines, String text, int nodes) {
        int node = lines.whole(text);
        if (node < 0 || node >= nodes) {
            throw lines.problem("node " + node + " does not exist, there are " + nodes);
        }
        return node;
    }
}
