package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.nn.Form;
import io.heed.nn.Padding;

/**
 * What a mixer is told besides its input, and what it gives back besides its output: one object for one forward pass,
 * shared by all layers. It describes a batch, so it lives no longer than the batch's tensors do.
 */
public final class MixerContext {
    private final Form form;
    private final Padding padding;
    private final Tensor memory;
    private final Padding memoryPadding;
    private final AttentionObserver observer;
    private final int layer;
    private final List<Tensor> losses;
    // losses outlive the scope of the layer that adds them
    private final PointerScope scope;

    private MixerContext(Form form, Padding padding, Tensor memory, Padding memoryPadding, AttentionObserver observer,
                         int layer) {
        this(form, padding, memory, memoryPadding, observer, layer, new ArrayList<>(), PointerScope.getInnerScope());
    }

    private MixerContext(Form form, Padding padding, Tensor memory, Padding memoryPadding, AttentionObserver observer,
                         int layer, List<Tensor> losses, PointerScope scope) {
        this.form = form;
        this.padding = padding;
        this.memory = memory;
        this.memoryPadding = memoryPadding;
        this.observer = observer;
        this.layer = layer;
        this.losses = losses;
        this.scope = scope;
    }

    /** No padding, no memory, {@link Form#AUTO}. */
    public static MixerContext plain() {
        return of(Form.AUTO);
    }

    /** No padding, no memory. */
    public static MixerContext of(Form form) {
        return new MixerContext(form, null, null, null, null, 0);
    }

    /** The same with padded positions in the input (B, N); outputs at padded positions are unspecified but finite. */
    public MixerContext withPadding(Padding padding) {
        return new MixerContext(form, padding, memory, memoryPadding, observer, layer);
    }

    /**
     * The same with a memory (B, M, D) that gives keys and values: cross-attention.
     *
     * @param memoryPadding padded positions of the memory (B, M), or null for none
     */
    public MixerContext withMemory(Tensor memory, Padding memoryPadding) {
        return new MixerContext(form, padding, memory, memoryPadding, observer, layer);
    }

    /** The same in another form. */
    public MixerContext withForm(Form form) {
        return new MixerContext(form, padding, memory, memoryPadding, observer, layer);
    }

    /** The same with someone who looks on. */
    public MixerContext withObserver(AttentionObserver observer) {
        return new MixerContext(form, padding, memory, memoryPadding, observer, layer);
    }

    /** The same pass, in layer {@code layer}: what the mixer of that layer is given. */
    public MixerContext atLayer(int layer) {
        return observer == null ? this
                : new MixerContext(form, padding, memory, memoryPadding, observer, layer, losses, scope);
    }

    /** Shows the residual stream (B, N, D) that enters layer {@code layer} to the observer; what to go on with. */
    public Tensor watchHidden(int layer, Tensor hidden) {
        return observer == null ? hidden : observer.hidden(layer, hidden);
    }

    /**
     * Shows the heads' outputs, before their projection, to the observer if there is one. Every mixer that has an
     * attention matrix passes its heads through here.
     *
     * @param outputs (B, H, N, e)
     * @param call    what they were computed from; asked for only when someone looks on
     * @return what to go on with: {@code outputs}, unless the observer changes them
     */
    public Tensor watch(Tensor outputs, Supplier<AttentionCall> call) {
        return observer == null ? outputs : observer.heads(layer, call.get(), outputs);
    }

    /** Which of the mixer's equal computations to run. */
    public Form form() {
        return form;
    }

    /** Padded positions of the input. */
    public Optional<Padding> padding() {
        return Optional.ofNullable(padding);
    }

    /** (B, M, D), where keys and values come from another sequence. */
    public Optional<Tensor> memory() {
        return Optional.ofNullable(memory);
    }

    /** Padded positions of the memory. */
    public Optional<Padding> memoryPadding() {
        return Optional.ofNullable(memoryPadding);
    }

    /** Padded positions among the keys: the memory's where there is a memory, else the input's. */
    public Optional<Padding> keyPadding() {
        return memory == null ? padding() : memoryPadding();
    }

    /**
     * Adds an auxiliary loss (a scalar with its gradient graph, already multiplied by its weight: load balance,
     * selection penalty). {@link LanguageModel#loss} adds the sum to the training loss.
     */
    public void addLoss(Tensor scalar) {
        if (scalar.numel() != 1) {
            throw new IllegalArgumentException("an auxiliary loss is one number, got " + scalar.numel());
        }
        if (scope == null) {
            scalar.retainReference();
        } else {
            scope.attach(scalar);
        }
        losses.add(scalar);
    }

    /** The sum of the auxiliary losses added so far, a scalar. */
    public Optional<Tensor> loss() {
        return losses.stream().reduce(Tensor::add);
    }
}
