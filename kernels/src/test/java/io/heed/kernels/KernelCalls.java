package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import com.sun.management.ThreadMXBean;

/**
 * Calls of kernels with every kind of score, mask, bias, normaliser and shape that changes which code runs, to see
 * whether vectors stay in registers also in a JVM in which every branch has been taken and every call site has seen all
 * kinds. A loop in which the compiler gives up makes an object of each vector. What it chooses to inline varies from
 * run to run, so that no test can hold it: {@link #main} prints what every call allocates.
 */
final class KernelCalls {
    /**
     * One call that can be repeated.
     *
     * @param bytes what one vector for each step of its innermost loop would take, were they all objects
     */
    record Call(String name, long bytes, Runnable run) { }

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private KernelCalls() { }

    /** Prints the least that each call allocates in a round of many, beside the bytes of its vectors. */
    public static void main(String[] arguments) {
        int rounds = arguments.length == 0 ? 2000 : Integer.parseInt(arguments[0]);
        try (Arena arena = Arena.ofShared()) {
            List<Call> calls = Stream.of(edges(arena), attention(arena), scans(arena)).flatMap(List::stream).toList();
            long[] least = new long[calls.size()];
            Arrays.fill(least, Long.MAX_VALUE);
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < least.length; i++) {
                    least[i] = Math.min(least[i], allocated(calls.get(i).run()));
                }
            }
            for (int i = 0; i < least.length; i++) {
                System.out.printf("%-40s %,12d of %,12d bytes%n", calls.get(i).name(), least[i], calls.get(i).bytes());
            }
        }
    }

    private static long allocated(Runnable run) {
        long before = THREADS.getTotalThreadAllocatedBytes();
        run.run();
        return THREADS.getTotalThreadAllocatedBytes() - before;
    }

    /** Attention over edges and aggregation of neighbours. */
    static List<Call> edges(Arena arena) {
        int nodes = 600;
        int edgeCount = 5_000;
        List<Call> calls = new ArrayList<>();
        for (int[] shape : new int[][] {{8, 8}, {1, 64}, {5, 13}}) {
            Random random = new Random(shape[0]);
            int heads = shape[0];
            int width = shape[1];
            Csr edges = Csr.of(nodes, nodes, random.ints(edgeCount, 0, nodes).toArray(),
                    random.ints(edgeCount, 0, nodes).toArray());
            Rows near = normal(arena, random, heads, nodes, width);
            Rows far = normal(arena, random, heads, nodes, width);
            Rows value = normal(arena, random, heads, nodes, width);
            Rows nearTerm = normal(arena, random, heads, nodes, 1);
            Rows farTerm = normal(arena, random, heads, nodes, 1);
            Rows modulation = normal(arena, random, heads, edgeCount, width);
            Rows bias = normal(arena, random, heads, edgeCount, 1);
            long bytes = (long) edgeCount * heads * width * Float.BYTES;
            String suffix = " " + heads + "x" + width;
            float none = Float.POSITIVE_INFINITY;
            calls.add(edge(arena, "dot product" + suffix, bytes, new EdgeAttention(edges,
                    new EdgeScore.DotProduct(near, far, null, 0.3f), null, value, 1, none, 0)));
            calls.add(edge(arena, "biased clamped dot product" + suffix, bytes, new EdgeAttention(edges,
                    new EdgeScore.DotProduct(near, far, null, 0.3f), bias, value, 1, 5, 1e-6f)));
            calls.add(edge(arena, "modulated dot product" + suffix, bytes, new EdgeAttention(edges,
                    new EdgeScore.DotProduct(near, far, modulation, 0.3f), null, value, 1, 5, 1e-6f)));
            calls.add(edge(arena, "additive" + suffix, bytes, new EdgeAttention(edges,
                    new EdgeScore.Additive(nearTerm, farTerm), null, value, 0.2f, none, 0)));
            calls.add(edge(arena, "bias only" + suffix, bytes, new EdgeAttention(edges,
                    new EdgeScore.BiasOnly(), bias, value, 1, none, 0)));
        }
        Csr edges = Csr.of(nodes, nodes, new Random(1).ints(edgeCount, 0, nodes).toArray(),
                new Random(2).ints(edgeCount, 0, nodes).toArray());
        for (int width : new int[] {64, 79}) {
            Rows x = normal(arena, new Random(3), 1, nodes, width);
            Rows out = normal(arena, new Random(4), 1, nodes, width);
            Rows gradient = normal(arena, new Random(5), 1, nodes, width);
            MemorySegment winners = arena.allocate((long) nodes * width * Integer.BYTES, 64);
            MemorySegment weights = normal(arena, new Random(6), 1, edgeCount, 1).data();
            for (NeighbourAggregation.Kind kind : NeighbourAggregation.Kind.values()) {
                boolean largest = kind == NeighbourAggregation.Kind.MAX;
                calls.add(new Call("aggregation, " + kind + " " + width, (long) edgeCount * width * Float.BYTES, () -> {
                    NeighbourAggregation.forward(kind, edges, x, largest ? null : weights, out,
                            largest ? winners : null);
                    NeighbourAggregation.backward(kind, edges, x, largest ? null : weights, out,
                            largest ? winners : null, gradient);
                }));
            }
        }
        return calls;
    }

    /** Dense attention by normaliser, mask, padding, bias and width, decoding, and attention to lists and windows. */
    static List<Call> attention(Arena arena) {
        List<Call> calls = new ArrayList<>();
        Layouts layouts = new Layouts(8);
        int n = 200;
        long bytes = 2L * n * n * Float.BYTES;
        byte[] flags = new byte[n];
        Arrays.fill(flags, (byte) 1);
        flags[7] = 0;
        MemorySegment exists = arena.allocate(n);
        exists.copyFrom(MemorySegment.ofArray(flags));
        Rows dense = layouts.normal(1, 2, n, n);
        Rows dDense = layouts.empty(1, 2, n, n);
        MemorySegment dTable = arena.allocate(4L * 2 * 33, 64);
        MemorySegment tableAligned = arena.allocate(4L * 2 * 33, 64);
        List<AttentionSpec> specs = new ArrayList<>();
        for (AttentionSpec base : List.of(AttentionSpec.softmax(), AttentionSpec.sigmoid().withLogitBias(-5))) {
            specs.add(base);
            specs.add(base.withMask(Mask.causal()).withBias(Bias.alibi(0.5f, 0.25f)));
            specs.add(base.withMask(Mask.slidingWindow(60, 3))
                    .withBias(new Bias.RelativeTable(tableAligned, 16, 16, 0)));
            specs.add(base.withMask(new Mask.Placed(IntStream.range(0, n).map(i -> i - 1).toArray())));
            specs.add(base.withMask(new Mask.BlockSparse(50, 50, 4, new int[] {0, 1, 3, 5, 8},
                    new int[] {0, 0, 1, 1, 2, 0, 2, 3}, true, 0)));
            specs.add(base.withBias(new Bias.Dense(dense)));
            specs.add(base.withPadding(KeyPadding.flags(exists)));
        }
        for (int width : new int[] {20}) {
            for (AttentionSpec spec : specs) {
                Rows q = layouts.normal(1, 2, n, width);
                Rows k = layouts.normal(1, 2, n, width);
                Rows v = layouts.normal(1, 2, n, width);
                Rows out = layouts.empty(1, 2, n, width);
                Rows dOut = layouts.normal(1, 2, n, width);
                boolean softmax = spec.normalizer() == Normalizer.SOFTMAX;
                MemorySegment lse = softmax ? arena.allocate(4L * 2 * n, 64) : null;
                AttentionGradients plain = AttentionGradients.of(layouts.empty(1, 2, n, width),
                        layouts.empty(1, 2, n, width), layouts.empty(1, 2, n, width));
                AttentionGradients gradients = switch (spec.bias()) {
                    case Bias.RelativeTable t -> plain.withRelativeTable(dTable);
                    case Bias.Dense d -> plain.withDenseBias(dDense);
                    default -> plain;
                };
                calls.add(new Call("attention, " + spec.normalizer() + " " + spec.mask().getClass().getSimpleName()
                        + " " + spec.bias().getClass().getSimpleName() + " "
                        + spec.padding().getClass().getSimpleName() + " " + width, bytes, () -> {
                            Attention.forward(q, k, v, out, lse, spec);
                            Attention.backward(q, k, v, out, lse, dOut, gradients, spec);
                        }));
            }
            decode(calls, arena, layouts, width);
            gather(calls, arena, layouts, width);
            neighborhood(calls, arena, layouts, width);
        }
        return calls;
    }

    private static void decode(List<Call> calls, Arena arena, Layouts layouts, int width) {
        int keys = 2000;
        Rows q = layouts.normal(1, 4, 1, width);
        Rows k = layouts.normal(1, 2, keys, width);
        Rows v = layouts.normal(1, 2, keys, width);
        Rows out = layouts.empty(1, 4, 1, width);
        for (DecodeSpec spec : List.of(DecodeSpec.softmax(), DecodeSpec.sigmoid(),
                DecodeSpec.softmax().withSlopes(0.5f, 0.25f, 0.1f, 0.05f))) {
            calls.add(new Call("decode, " + spec.normalizer() + " " + spec.slopes().length + " " + width,
                    4L * keys * Float.BYTES, () -> Decode.attend(q, k, v, out, null, spec)));
        }
        int page = 16;
        int pages = keys / page;
        long pageFloats = 2L * page * width;
        int[][] tables = {IntStream.range(0, pages).toArray()};
        List<MemorySegment> slabs = List.of(arena.allocate(pages * pageFloats * Float.BYTES, 64));
        Pages paged = new Pages(slabs, pages, pageFloats, 0, 2, (long) page * width, page, width, tables);
        DecodeSpec spec = DecodeSpec.softmax().withLengths(keys);
        calls.add(new Call("decode, pages " + width, 4L * keys * Float.BYTES,
                () -> Decode.attend(q, paged, paged, out, spec, 4, 1500)));
    }

    private static void gather(List<Call> calls, Arena arena, Layouts layouts, int width) {
        int n = 256;
        SplittableRandom random = new SplittableRandom(4);
        Rows q = layouts.normal(1, 2, n, width);
        Rows k = layouts.normal(1, 2, n, width);
        Rows v = layouts.normal(1, 2, n, width);
        Rows out = layouts.empty(1, 2, n, width);
        Rows dOut = layouts.normal(1, 2, n, width);
        Rows dq = layouts.empty(1, 2, n, width);
        Rows dk = layouts.empty(1, 2, n, width);
        Rows dv = layouts.empty(1, 2, n, width);
        MemorySegment lse = arena.allocate(4L * 2 * n, 64);
        for (int block : new int[] {32, 7}) {
            int blocks = (n + block - 1) / block;
            KeyLists all = KeyLists.equal(block, 100, random.ints(100L * blocks, 0, n).toArray());
            for (KeyLists lists : List.of(all, all.withSeen(random.ints(n, 0, 101).toArray()))) {
                calls.add(new Call("gather, " + block + " " + (lists.seen() != null) + " " + width,
                        2L * n * 100 * Float.BYTES, () -> {
                            GatherAttention.forward(q, k, v, out, lse, lists, 0.1f);
                            GatherAttention.backward(q, k, v, out, lse, dOut, dq, dk, dv, lists, 0.1f);
                        }));
            }
        }
    }

    private static void neighborhood(List<Call> calls, Arena arena, Layouts layouts, int width) {
        for (NeighborhoodSpec spec : List.of(NeighborhoodSpec.of(new int[] {256}, 31).withCausal(true),
                NeighborhoodSpec.of(new int[] {16, 16}, 5, 7).withDilation(2, 1),
                NeighborhoodSpec.of(new int[] {4, 8, 8}, 3, 3, 3))) {
            int n = spec.tokens();
            Rows q = layouts.normal(1, 2, n, width);
            Rows k = layouts.normal(1, 2, n, width);
            Rows v = layouts.normal(1, 2, n, width);
            Rows out = layouts.empty(1, 2, n, width);
            Rows dOut = layouts.normal(1, 2, n, width);
            MemorySegment lse = arena.allocate(4L * 2 * n, 64);
            boolean biased = !spec.causal()[0];
            MemorySegment table = biased ? arena.allocate(4L * 2 * spec.tableSize(), 64) : null;
            MemorySegment dTable = biased ? arena.allocate(4L * 2 * spec.tableSize(), 64) : null;
            NeighborhoodGradients gradients = new NeighborhoodGradients(layouts.empty(1, 2, n, width),
                    layouts.empty(1, 2, n, width), layouts.empty(1, 2, n, width), dTable);
            calls.add(new Call("neighborhood, " + spec.rank() + " axes " + width,
                    2L * n * spec.window() * Float.BYTES, () -> {
                        NeighborhoodAttention.forward(q, k, v, table, out, lse, spec);
                        NeighborhoodAttention.backward(q, k, v, table, out, lse, dOut, null, gradients, spec);
                    }));
        }
    }

    /** Scans, linear attention and the small kernels around them. */
    static List<Call> scans(Arena arena) {
        List<Call> calls = new ArrayList<>();
        Layouts layouts = new Layouts(9);
        int n = 500;
        for (int width : new int[] {84}) {
            long bytes = 2L * n * width * Float.BYTES;
            Rows x = layouts.normal(1, 2, n, width);
            Rows y = layouts.normal(1, 2, n, width);
            Rows z = layouts.normal(1, 2, n, width);
            Rows g = layouts.normal(1, 2, n, width);
            Rows a = layouts.empty(1, 2, n, width);
            Rows b = layouts.empty(1, 2, n, width);
            Rows c = layouts.empty(1, 2, n, width);
            Rows d = layouts.empty(1, 2, n, width);
            Rows scores = layouts.normal(1, 2, n, 1);
            Rows dScores = layouts.empty(1, 2, n, 1);
            PrefixScan.Input prefix = new PrefixScan.Input(scores, x, null);
            calls.add(new Call("prefix scan " + width, bytes, () -> {
                PrefixScan.forward(prefix, new PrefixScan.Output(a, null, null));
                PrefixScan.backward(prefix, a, new PrefixScan.Output(g, null, null),
                        new PrefixScan.Input(dScores, b, null));
            }));
            ScanState prefixes = new ScanState(layouts.empty(1, 2, n, 1), layouts.empty(1, 2, n, 1), d);
            ScanState gradients = new ScanState(layouts.normal(1, 2, n, 1), layouts.normal(1, 2, n, 1), y);
            calls.add(new Call("prefix scan with states " + width, bytes, () -> {
                PrefixScan.forward(prefix, new PrefixScan.Output(a, prefixes, null));
                PrefixScan.backward(prefix, a, new PrefixScan.Output(g, gradients, null),
                        new PrefixScan.Input(dScores, b, null));
            }));
            for (LinearAttentionSpec spec : List.of(LinearAttentionSpec.ofCausal(), LinearAttentionSpec.ofFull(),
                    LinearAttentionSpec.ofCausal(0.1f, 0.01f))) {
                LinearAttention.Input input = new LinearAttention.Input(x, y, z, null);
                calls.add(new Call("linear, " + spec.causal() + " " + spec.decays().length + " " + width, 4 * bytes,
                        () -> {
                    LinearAttention.forward(input, new LinearAttention.Output(a, null), spec);
                    LinearAttention.backward(input, new LinearAttention.Output(g, null),
                            new LinearAttention.Input(b, c, d, null), spec);
                }));
            }
            Rows state = layouts.normal(1, 2, 1, width);
            Rows dState = layouts.empty(1, 2, 1, width);
            calls.add(new Call("diagonal " + width, bytes, () -> {
                DiagonalScan.forward(x, y, state, a);
                DiagonalScan.backward(x, state, a, g, b, c, dState);
            }));
            TaylorAttention.Input taylor = new TaylorAttention.Input(layouts.normal(1, 2, n, 16),
                    layouts.normal(1, 2, n, 16), x, null);
            TaylorAttention.Input taylorResult = new TaylorAttention.Input(layouts.empty(1, 2, n, 16),
                    layouts.empty(1, 2, n, 16), b, null);
            TaylorAttention.Output taylorOutput =
                    new TaylorAttention.Output(a, arena.allocate(4L * 2 * n, 64), null);
            calls.add(new Call("taylor " + width, 16 * bytes, () -> {
                TaylorAttention.forward(taylor, taylorOutput, KeyPadding.none(), 1e-6);
                TaylorAttention.backward(taylor, taylorOutput, g, taylorResult, KeyPadding.none());
            }));
            LandmarkAttention.Input landmark = new LandmarkAttention.Input(x, y, z);
            LandmarkAttention.Output landmarkOutput =
                    new LandmarkAttention.Output(a, arena.allocate(4L * 2 * n, 64));
            calls.add(new Call("landmark " + width, 4 * bytes, () -> {
                LandmarkAttention.forward(landmark, landmarkOutput, 16, KeyPadding.none());
                LandmarkAttention.backward(landmark, landmarkOutput, g, new LandmarkAttention.Input(b, c, d), 16,
                        KeyPadding.none());
            }));
            Rows queries = layouts.normal(1, 2, 50, width);
            Rows weights = layouts.normal(1, 1, 1, width);
            Rows u = layouts.empty(1, 2, 50, n);
            Rows dQueries = layouts.empty(1, 2, 50, width);
            Rows dWeights = layouts.empty(1, 1, 1, width);
            Rows arriving = layouts.normal(1, 2, 50, n);
            calls.add(new Call("additive scores " + width, 20 * bytes, () -> {
                AdditiveScores.forward(queries, x, weights, u);
                AdditiveScores.backward(queries, x, weights, arriving, dQueries, a, dWeights);
            }));
            selective(calls, layouts, width, n, bytes);
            Rows taps = layouts.normal(1, 1, 4, width);
            Rows one = layouts.normal(1, 1, n, width);
            Rows two = layouts.empty(1, 1, n, width);
            Rows dTaps = layouts.empty(1, 1, 4, width);
            MemorySegment bias = arena.allocate(4L * width, 64);
            calls.add(new Call("convolution " + width, bytes / 2, () -> {
                DepthwiseConvolution.forward(one, taps, bias, two);
                DepthwiseConvolution.backward(one, taps, two, two, dTaps, bias);
            }));
            MemorySegment angles = arena.allocate(4L * n * width, 64);
            for (Rotation.Pairs pairs : Rotation.Pairs.values()) {
                calls.add(new Call("rotation, " + pairs + " " + width, bytes,
                        () -> Rotation.turn(x, a, angles, angles, pairs, false)));
            }
        }
        return calls;
    }

    private static void selective(List<Call> calls, Layouts layouts, int width, int n, long bytes) {
        Rows u = layouts.normal(1, 1, n, width);
        Rows delta = layouts.rows(1, 1, n, width, () -> layouts.uniform(0, 1));
        for (int rates : new int[] {16, 1}) {
            SelectiveScan.Input input = new SelectiveScan.Input(u, delta,
                    layouts.rows(1, 1, width, rates, () -> -layouts.uniform(0, 1)), layouts.normal(1, 1, n, 16),
                    layouts.normal(1, 1, n, 16), null);
            SelectiveScan.Output output = new SelectiveScan.Output(layouts.empty(1, 1, n, width), null,
                    layouts.empty(1, 1, SelectiveScan.runs(n), SelectiveScan.startWidth(width, 16)));
            SelectiveScan.Input result = new SelectiveScan.Input(layouts.empty(1, 1, n, width),
                    layouts.empty(1, 1, n, width), layouts.empty(1, 1, width, rates), layouts.empty(1, 1, n, 16),
                    layouts.empty(1, 1, n, 16), null);
            Rows gradient = layouts.normal(1, 1, n, width);
            calls.add(new Call("selective, " + rates + " " + width, 8 * bytes, () -> {
                SelectiveScan.forward(input, output);
                SelectiveScan.backward(input, output.starts(), new SelectiveScan.Output(gradient, null, null), result);
            }));
        }
    }

    private static Call edge(Arena arena, String name, long bytes, EdgeAttention attention) {
        int heads = attention.value().heads();
        int nodes = attention.edges().rows();
        Random random = new Random(5);
        boolean dot = attention.score() instanceof EdgeScore.DotProduct;
        boolean modulated = attention.score() instanceof EdgeScore.DotProduct d && d.modulation() != null;
        int width = dot ? attention.value().width() : 1;
        Rows out = normal(arena, random, heads, nodes, attention.value().width());
        Rows gradOut = normal(arena, random, heads, nodes, attention.value().width());
        Rows scores = modulated ? normal(arena, random, heads, attention.edges().edges(), width) : null;
        boolean ends = !(attention.score() instanceof EdgeScore.BiasOnly);
        EdgeAttention.Gradients gradients = new EdgeAttention.Gradients(
                ends ? normal(arena, random, heads, nodes, width) : null,
                ends ? normal(arena, random, heads, nodes, width) : null,
                modulated ? normal(arena, random, heads, attention.edges().edges(), width) : null,
                attention.bias() == null ? null : normal(arena, random, heads, attention.edges().edges(), 1),
                normal(arena, random, heads, nodes, attention.value().width()));
        MemorySegment statistics = arena.allocate(EdgeAttention.statisticsLength(nodes, heads) * Float.BYTES, 64);
        return new Call("edges, " + name, bytes, () -> {
            attention.forward(out, scores, statistics);
            attention.backward(gradOut, scores, statistics, gradients);
        });
    }

    static Rows normal(Arena arena, Random random, int heads, int rows, int width) {
        double[] values = EdgeReference.Case.normal(random, heads * rows * width, 1);
        return EdgeAttentionTest.view(arena, values, heads, rows, width);
    }
}
