package io.heed.catalog;

import java.util.Locale;

/** Where a system belongs; each family is one module of the build. */
public enum Family {
    /** Attention mechanisms and other sequence mixers. */
    SEQUENCE("sequence"),
    /** Image models. */
    VISION("vision"),
    /** Graph models. */
    GRAPH("graph"),
    /** Running and compressing language models. */
    INFERENCE("inference"),
    /** Looking into trained models, and tests of what models can learn. */
    INSIGHT("insight");

    private final String title;

    Family(String title) {
        this.title = title;
    }

    /** The name as users see and write it. */
    public String title() {
        return title;
    }

    static Family named(String title) {
        return valueOf(title.toUpperCase(Locale.ROOT));
    }
}
