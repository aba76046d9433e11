package io.heed.cli.data;

import java.util.List;

/**
 * A data set that Heed reads.
 *
 * @param name  the folder's name in a place, and the name that commands know it by
 * @param kind  what it is made of
 * @param about what it holds, in a few words
 * @param get   how to get it where it is missing; Heed itself downloads nothing
 */
public record KnownSet(String name, Kind kind, String about, String get) {
    /** What a data set is made of, and the files that its folder holds. */
    public enum Kind {
        /** A graph whose nodes are to be classified. */
        NODES("nodes of a graph",
                "nodes.tsv (node, label[, split]), edges.tsv (u, v), features.tsv (node, positions of ones)[,"
                        + " splits.tsv]"),
        /** The same in the Open Graph Benchmark's layout. */
        OGB("nodes of a graph",
                "OGB's CSV: raw/edge.csv, num-node-list.csv, node-feat.csv, node-label.csv, split/*/*.csv"),
        /** Graphs to be classified. */
        GRAPHS("graphs", "graphs.jsonl: an object a line with y, fold, tags, edges"),
        /** A knowledge graph. */
        TRIPLES("triples", "train.tsv, valid.tsv, test.tsv (head, relation, tail), entities.tsv, relations.tsv"),
        /** Images to be classified. */
        IMAGES("images", "the files that the authors publish: IDX, or CIFAR's binary version"),
        /** Made by Heed. */
        BUILT_IN("built in", "");

        private final String title;
        private final String layout;

        Kind(String title, String layout) {
            this.title = title;
            this.layout = layout;
        }

        /** As users see it. */
        public String title() {
            return title;
        }

        /** The files of a set of this kind, each gzipped or not; empty for what has none. */
        public String layout() {
            return layout;
        }
    }

    private static final String PLANETOID = "write kimiyoung/planetoid's ind.%s.* as tab-separated files";
    private static final String HETEROPHILOUS = "write yandex-research/heterophilous-graphs' %s as tab-separated files";
    private static final String TU = "write the TU collection's %s as JSON lines";

    /** All of them, by kind. */
    public static final List<KnownSet> ALL = List.of(
            new KnownSet("wordnet-nodes", Kind.BUILT_IN, "WordNet's 117,791 synsets, all relations, 45 classes", ""),
            new KnownSet("shapes", Kind.BUILT_IN, "drawn shapes with labels, boxes and masks", ""),
            new KnownSet("text", Kind.BUILT_IN, "the glosses of WordNet", ""),
            new KnownSet("mqar", Kind.BUILT_IN, "associative recall", ""),
            new KnownSet("cora", Kind.NODES, "2,708 papers, 7 classes", PLANETOID.formatted("cora")),
            new KnownSet("citeseer", Kind.NODES, "3,327 papers, 6 classes", PLANETOID.formatted("citeseer")),
            new KnownSet("pubmed", Kind.NODES, "19,717 papers, 3 classes", PLANETOID.formatted("pubmed")),
            new KnownSet("texas", Kind.NODES, "183 web pages, 5 classes", HETEROPHILOUS.formatted("texas.npz")),
            new KnownSet("chameleon-filtered", Kind.NODES, "890 Wikipedia pages, 5 classes",
                    HETEROPHILOUS.formatted("chameleon_filtered.npz")),
            new KnownSet("minesweeper", Kind.NODES, "10,000 cells of a board, 2 classes",
                    HETEROPHILOUS.formatted("minesweeper.npz")),
            new KnownSet("ogbn-arxiv", Kind.OGB, "169,343 papers, 40 classes",
                    "unpack the Open Graph Benchmark's archive of it"),
            new KnownSet("mutag", Kind.GRAPHS, "188 molecules, 2 classes", TU.formatted("MUTAG")),
            new KnownSet("nci1", Kind.GRAPHS, "4,110 compounds, 2 classes", TU.formatted("NCI1")),
            new KnownSet("proteins", Kind.GRAPHS, "1,113 proteins, 2 classes", TU.formatted("PROTEINS")),
            new KnownSet("imdb-binary", Kind.GRAPHS, "1,000 networks of actors, 2 classes",
            TU.formatted("IMDB-BINARY")),
            new KnownSet("fb15k-237", Kind.TRIPLES, "14,541 entities, 237 relations",
                    "number and tab-separate thunlp/OpenKE's benchmarks/FB15K237"),
            new KnownSet("wn18rr", Kind.TRIPLES, "40,943 synsets, 11 relations",
                    "number and tab-separate villmow/datasets_knowledge_embedding's WN18RR"),
            new KnownSet("fashion-mnist", Kind.IMAGES, "28x28 grey, 10 classes",
                    "on Debian: apt install dataset-fashion-mnist; else its authors' four IDX files"),
            new KnownSet("mnist", Kind.IMAGES, "28x28 grey, 10 classes", "its authors' four IDX files"),
            new KnownSet("cifar-10", Kind.IMAGES, "32x32 colour, 10 classes", "its authors' binary version"),
            new KnownSet("cifar-100", Kind.IMAGES, "32x32 colour, 100 classes", "its authors' binary version"));
}
