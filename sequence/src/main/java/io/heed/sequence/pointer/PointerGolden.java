package io.heed.sequence.pointer;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.sequence.GoldenConfig;
import io.heed.tensor.Ops;

/** Builds what the golden cases of pointer networks check; their tensors have time first. */
final class PointerGolden {
    private PointerGolden() { }

    /** {@code teacher-forcing}: points, lengths, targets, target_lengths to logits, valid, loss. */
    static GoldenSubject teacherForcing(GoldenCase golden) {
        PointerNetwork network = network(golden);
        return new GoldenSubject(network, in -> {
            Tensor lengths = in.get("lengths");
            Tensor targets = in.get("targets").t();
            Tensor targetLengths = in.get("target_lengths");
            Tensor scores = network.forward(in.get("points").transpose(0, 1), lengths, targets);
            Tensor valid = PointModel.counted(scores.size(1), targetLengths).unsqueeze(-1)
                    .logical_and(scores.isfinite());
            return Map.of("logits", Ops.fill(scores, valid.logical_not(), 0).transpose(0, 1), "valid",
                    valid.transpose(0, 1),
                    "loss", PointModel.loss(scores, targets, targetLengths));
        });
    }

    /** {@code beam-search}: points, lengths to indices, out_lengths. */
    static GoldenSubject beamSearch(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        PointerNetwork network = network(golden);
        BeamSearch search = new BeamSearch(network, Rule.named(config.text("task").orElse("convex-hull")),
                config.integer("beams", 3));
        return new GoldenSubject(network, in -> {
            int[][] answers = search.run(in.get("points").transpose(0, 1), in.get("lengths"));
            int longest = 0;
            for (int[] answer : answers) {
                longest = Math.max(longest, answer.length);
            }
            long[] indices = new long[longest * answers.length];
            long[] lengths = new long[answers.length];
            for (int set = 0; set < answers.length; set++) {
                lengths[set] = answers[set].length;
                for (int step = 0; step < answers[set].length; step++) {
                    indices[step * answers.length + set] = answers[set][step];
                }
            }
            return Map.of("indices", Ops.of(indices, longest, answers.length), "out_lengths", Ops.of(lengths));
        });
    }

    /** {@code geometry}: points to hull, hull_area, delaunay, tsp, tsp_length, nearest_neighbour_length. */
    static GoldenSubject geometry(GoldenCase golden) {
        return GoldenSubject.of(in -> {
            Tensor points = in.get("points");
            int count = Math.toIntExact(points.size(0));
            int n = Math.toIntExact(points.size(1));
            float[] rows = Ops.floats(points);
            long[] hulls = new long[count * (n + 1)];
            long[] tours = new long[count * (n + 1)];
            long[] triangles = new long[count * 2 * n * 3];
            float[] areas = new float[count];
            float[] lengths = new float[count];
            float[] nearest = new float[count];
            for (int i = 0; i < count; i++) {
                PointSet set = PointSet.of(rows, i * 2 * n, n);
                int[] hull = ConvexHull.of(set);
                copy(hull, hulls, i * (n + 1));
                areas[i] = (float) Polygons.area(set, Polygons.open(hull));
                int[] tour = Tours.exact(set);
                copy(tour, tours, i * (n + 1));
                lengths[i] = (float) Tours.length(set, tour);
                nearest[i] = (float) Tours.length(set, Tours.nearestNeighbour(set));
                int[][] found = Delaunay.of(set);
                for (int t = 0; t < found.length; t++) {
                    copy(found[t], triangles, (i * 2 * n + t) * 3);
                }
            }
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("hull", Ops.of(hulls, count, n + 1));
            outputs.put("hull_area", Ops.of(areas));
            outputs.put("delaunay", Ops.of(triangles, count, 2L * n, 3));
            outputs.put("tsp", Ops.of(tours, count, n + 1));
            outputs.put("tsp_length", Ops.of(lengths));
            outputs.put("nearest_neighbour_length", Ops.of(nearest));
            return outputs;
        });
    }

    private static void copy(int[] from, long[] to, int at) {
        for (int i = 0; i < from.length; i++) {
            to[at + i] = from[i];
        }
    }

    private static PointerNetwork network(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        if (config.integer("layers", 1) != 1 || config.integer("end_index", 0) != 0) {
            throw new IllegalArgumentException("a pointer network has one layer and ends with index 0");
        }
        return new PointerNetwork(config.integer("input_size", 2), config.integer("hidden_size"));
    }
}
