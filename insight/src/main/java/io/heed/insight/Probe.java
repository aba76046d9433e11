package io.heed.insight;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionObserver;

/**
 * Looks inside a language model while it reads: {@link #capture} writes down attention, head outputs and hidden states,
 * {@link #summarise} gathers statistics of any length of text in memory that grows with N, and {@link #logits} lets it
 * read with heads silenced or replaced. Nothing of it changes the model.
 *
 * {@snippet :
 * Probe probe = new Probe(ProbedModel.of(model));
 * Capture clean = probe.capture(tokens, Selection.ALL.inLayers(1).inHeads(3));
 * Tensor patched = probe.logits(other,
 *         List.of(new Intervention.PatchHead(1, 3, List.of(), clean.outputs().get(1).select(1, 0))));
 * }
 *
 * @param model what is looked into
 */
public record Probe(ProbedModel model) {
    /**
     * Reads {@code tokens} (B, N) and copies what {@code selection} names.
     *
     * @throws IllegalArgumentException in one line when there is no such layer, head or position
     */
    public Capture capture(Tensor tokens, Selection selection) {
        check(tokens);
        Selection filled = selection.within(model, tokens.size(1));
        Recorder recorder = new Recorder(filled, model.layers());
        return recorder.capture(model.logits(tokens, recorder));
    }

    /** Reads {@code tokens} (B, N) and gathers statistics of attention by layer and head, and norms by position. */
    public StatisticsObserver summarise(Tensor tokens) {
        check(tokens);
        StatisticsObserver observer = new StatisticsObserver(model.causal());
        try (PointerScope _ = new PointerScope()) {
            model.logits(tokens, observer);
        }
        return observer;
    }

    /**
     * Logits (B, N, V) with some changes on the way.
     *
     * @throws IllegalArgumentException in one line when there is no such layer or head, or a patch does not fit
     */
    public Tensor logits(Tensor tokens, List<Intervention> changes) {
        check(tokens);
        if (changes.isEmpty()) {
            return model.logits(tokens, new AttentionObserver() { });
        }
        int heads = 0;
        for (Intervention change : changes) {
            boolean ofHead = change instanceof Intervention.OfHead;
            Selection.check("layer", change.layer(), ofHead ? model.layers() : model.layers() + 1, "the model has");
            if (change instanceof Intervention.OfHead one) {
                Selection.check("head", one.head(), model.heads(), "each layer has");
                heads++;
            }
        }
        Interventions observer = new Interventions(changes);
        Tensor logits = model.logits(tokens, observer);
        if (observer.met() < heads) {
            throw new IllegalArgumentException("a layer without attention heads cannot have one silenced or replaced");
        }
        return logits;
    }

    /** Cross-entropy in nats of each token after the first, given those before it: (B, N - 1). */
    public Tensor surprise(Tensor tokens, List<Intervention> changes) {
        if (tokens.size(1) < 2) {
            throw new IllegalArgumentException("a text of one token has nothing to predict: it needs at least 2");
        }
        Tensor log = logits(tokens, changes).narrow(1, 0, tokens.size(1) - 1).log_softmax(-1);
        return log.gather(2, tokens.narrow(1, 1, tokens.size(1) - 1).unsqueeze(-1)).squeeze(-1).neg();
    }

    /** The mean of {@link #surprise}. */
    public double loss(Tensor tokens, List<Intervention> changes) {
        try (PointerScope _ = new PointerScope()) {
            return surprise(tokens, changes).mean().item_double();
        }
    }

    /** How much worse the model predicts {@code tokens} (B, N) without each head; one pass a head. */
    public HeadImportance importance(Tensor tokens, HeadImportance.Removal removal) {
        return HeadImportance.of(this, tokens, removal);
    }

    private void check(Tensor tokens) {
        if (tokens.dim() != 2 || tokens.numel() == 0) {
            throw new IllegalArgumentException("the text is empty: it needs at least one token");
        }
        try (PointerScope _ = new PointerScope()) {
            long low = tokens.min().item_long();
            long high = torch.max(tokens).item_long();
            if (low < 0 || high >= model.vocabulary()) {
                throw new IllegalArgumentException("token " + (low < 0 ? low : high) + " is not one of the model's "
                        + model.vocabulary());
            }
        }
    }
}
