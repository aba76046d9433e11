package io.heed.inference.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Full pages of prompts by their tokens, so that equal beginnings are computed and stored once. A tree: the path from
 * the root to a node is a prompt's beginning, one page a node. Leaves that nobody uses give way, oldest first, when
 * pages run short.
 */
final class PrefixIndex {
    private record Tokens(int[] ids) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Tokens that && Arrays.equals(ids, that.ids);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(ids);
        }
    }

    private static final class Node {
        final Node parent;
        final Tokens tokens;
        final int page;
        final Map<Tokens, Node> children = new HashMap<>();
        long used;

        Node(Node parent, Tokens tokens, int page) {
            this.parent = parent;
            this.tokens = tokens;
            this.page = page;
        }
    }

    private final PagePool pool;
    private final Node root = new Node(null, null, -1);
    private final List<Node> nodes = new ArrayList<>();
    private long clock;

    PrefixIndex(PagePool pool) {
        this.pool = pool;
    }

    /** The pages of the longest known beginning of {@code prompt}; its last token is never among them. */
    int[] match(int[] prompt) {
        int most = (prompt.length - 1) / PagePool.PAGE_ROWS;
        int[] pages = new int[most];
        Node node = root;
        int found = 0;
        while (found < most) {
            node = node.children.get(tokens(prompt, found));
            if (node == null) {
                break;
            }
            node.used = ++clock;
            pages[found++] = node.page;
        }
        return Arrays.copyOf(pages, found);
    }

    /** Remembers the full pages of a prompt that {@code cache} holds; pages that are known already replace its own. */
    void add(int[] prompt, SequenceCache cache) {
        Node node = root;
        for (int i = 0; i < prompt.length / PagePool.PAGE_ROWS; i++) {
            Tokens tokens = tokens(prompt, i);
            Node next = node.children.get(tokens);
            if (next == null) {
                next = new Node(node, tokens, cache.page(i));
                node.children.put(tokens, next);
                nodes.add(next);
                pool.hold(next.page);
            } else if (next.page != cache.page(i)) {
                cache.replace(i, next.page);
            }
            next.used = ++clock;
            node = next;
        }
    }

    /** Pages that only this index holds, which {@link #giveUp} can free. */
    int idle() {
        int idle = 0;
        for (Node node : nodes) {
            // whoever holds a page holds its parents too, so an idle page has idle children only
            idle += pool.holders(node.page) == 1 ? 1 : 0;
        }
        return idle;
    }

    /** Frees {@code pages} idle pages, least recently used first. */
    void giveUp(int pages) {
        for (int i = 0; i < pages; i++) {
            Node oldest = null;
            for (Node node : nodes) {
                if (node.children.isEmpty() && pool.holders(node.page) == 1
                        && (oldest == null || node.used < oldest.used)) {
                    oldest = node;
                }
            }
            if (oldest == null) {
                return;
            }
            oldest.parent.children.remove(oldest.tokens);
            nodes.remove(oldest);
            pool.release(oldest.page);
        }
    }

    private static Tokens tokens(int[] prompt, int page) {
        return new Tokens(Arrays.copyOfRange(prompt, page * PagePool.PAGE_ROWS, (page + 1) * PagePool.PAGE_ROWS));
    }
}
