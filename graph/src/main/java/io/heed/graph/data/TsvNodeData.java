package io.heed.graph.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.heed.graph.Graph;
import io.heed.graph.NodeFeatures;
import io.heed.kernels.Csr;

/**
 * A node-classification set in a folder of tab-separated files, plain or gzipped, each with a heading: {@code nodes}
 * (node, label, and a split name where there is one public split), {@code edges} (u, v; every undirected edge once),
 * {@code features} (node, positions of ones) and {@code splits} (node, a character for each split: t, v or e).
 */
public final class TsvNodeData {
    private TsvNodeData() { }

    /**
     * Reads the folder; the set is called as the folder is.
     *
     * @throws IllegalArgumentException in one line, with file and line number
     */
    public static NodeData read(Path folder) {
        String name = folder.getFileName().toString();
        IntList labels = new IntList();
        List<String> roles = new ArrayList<>();
        try (Lines lines = Lines.open(folder, "nodes.tsv")) {
            boolean split = lines.heading().split("\t").length > 2;
            for (String line = lines.next(); line != null; line = lines.next()) {
                String[] fields = lines.fields(line, split ? 3 : 2);
                if (lines.whole(fields[0]) != labels.size()) {
                    throw lines.problem("node " + fields[0] + " follows node " + (labels.size() - 1));
                }
                labels.add(lines.whole(fields[1]));
                if (split) {
                    roles.add(fields[2]);
                }
            }
        }
        int nodes = labels.size();
        if (nodes == 0) {
            throw new IllegalArgumentException(folder + ": the graph is empty, nodes.tsv lists no node");
        }
        int[] label = labels.toArray();
        int classes = 1;
        for (int c : label) {
            classes = Math.max(classes, c + 1);
        }
        Graph graph = edges(folder, nodes).withFeatures(features(folder, nodes));
        List<NodeSplit> splits = roles.isEmpty() ? splits(folder, nodes) : List.of(named(roles, folder));
        return new NodeData(name, graph, label, classes, splits);
    }

    private static Graph edges(Path folder, int nodes) {
        IntList u = new IntList();
        IntList v = new IntList();
        try (Lines lines = Lines.open(folder, "edges.tsv")) {
            lines.heading();
            for (String line = lines.next(); line != null; line = lines.next()) {
                String[] fields = lines.fields(line, 2);
                u.add(node(lines, fields[0], nodes));
                v.add(node(lines, fields[1], nodes));
            }
        }
        return Graph.undirected(nodes, u.toArray(), v.toArray());
    }

    private static NodeFeatures features(Path folder, int nodes) {
        IntList node = new IntList();
        IntList feature = new IntList();
        int width = 1;
        try (Lines lines = Lines.open(folder, "features.tsv")) {
            lines.heading();
            for (String line = lines.next(); line != null; line = lines.next()) {
                String[] fields = lines.fields(line, 2);
                int at = node(lines, fields[0], nodes);
                if (fields[1].isBlank()) {
                    continue;
                }
                for (String position : fields[1].strip().split(" ")) {
                    int index = lines.whole(position);
                    if (index < 0) {
                        throw lines.problem("feature " + index + " must not be negative");
                    }
                    node.add(at);
                    feature.add(index);
                    width = Math.max(width, index + 1);
                }
            }
        }
        return new NodeFeatures.Sparse(Csr.of(nodes, width, feature.toArray(), node.toArray()), null).normalised();
    }

    private static NodeSplit named(List<String> roles, Path folder) {
        IntList[] parts = {new IntList(), new IntList(), new IntList()};
        for (int i = 0; i < roles.size(); i++) {
            switch (roles.get(i)) {
                case "train" -> parts[0].add(i);
                case "val" -> parts[1].add(i);
                case "test" -> parts[2].add(i);
                case "none" -> { }
                default -> throw new IllegalArgumentException(folder + ": node " + i + " has split '" + roles.get(i)
                        + "', must be train, val, test or none");
            }
        }
        return new NodeSplit(parts[0].toArray(), parts[1].toArray(), parts[2].toArray());
    }

    private static List<NodeSplit> splits(Path folder, int nodes) {
        List<IntList[]> splits = new ArrayList<>();
        try (Lines lines = Lines.open(folder, "splits.tsv")) {
            lines.heading();
            for (String line = lines.next(); line != null; line = lines.next()) {
                String[] fields = lines.fields(line, 2);
                int at = node(lines, fields[0], nodes);
                String roles = fields[1].strip();
                if (!splits.isEmpty() && roles.length() != splits.size()) {
                    throw lines.problem("has " + roles.length() + " splits, the first node has " + splits.size());
                }
                for (int s = 0; s < roles.length(); s++) {
                    if (s == splits.size()) {
                        splits.add(new IntList[] {new IntList(), new IntList(), new IntList()});
                    }
                    int role = "tve".indexOf(roles.charAt(s));
                    if (role < 0) {
                        throw lines.problem("split character '" + roles.charAt(s) + "' must be t, v or e");
                    }
                    splits.get(s)[role].add(at);
                }
            }
        }
        return splits.stream().map(s -> new NodeSplit(s[0].toArray(), s[1].toArray(), s[2].toArray())).toList();
    }

    private static int node(Lines lines, String text, int nodes) {
        int node = lines.whole(text);
        if (node < 0 || node >= nodes) {
            throw lines.problem("node " + node + " does not exist, there are " + nodes);
        }
        return node;
    }
}
