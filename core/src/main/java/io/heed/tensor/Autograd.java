package io.heed.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Custom gradients in plain Java: runs a forward computation outside libtorch's graph and puts a node of our own in its
 * place.
 *
 * {@snippet :
 * Tensor y = Autograd.apply(List.of(x),
 *         (context, in) -> {
 *             Tensor out = in.getFirst().exp();
 *             context.save(out);
 *             return List.of(out);
 *         },
 *         (context, gradients) -> List.of(gradients.getFirst().mul(context.saved(0)))).getFirst();
 * }
 *
 * <p>How it works. Every input that needs a gradient gets an alias ({@code view_as}); a scalar {@code link}, the sum of
 * zero-length slices of the aliases and therefore exactly 0, is added in place to the outputs, which connects them to
 * the graph. Hooks on the outputs keep the incoming gradients. The link's gradient is complete only when every output
 * that takes part has been visited, and it is visited once in a backward pass: a hook there runs {@link Backward}.
 * Hooks on the aliases then hand the results on in place of the zeros that flow through the slices. See {@link
 * GraphNode} for how long all of this lives.
 *
 * <p>First derivatives only: a backward pass with {@code create_graph} fails with a clear message, since the kernel's
 * gradient is not itself differentiable.
 */
public final class Autograd {
    /** Computes the outputs; runs with gradients switched off. */
    @FunctionalInterface
    public interface Forward {
        /**
         * @param context where to {@link Context#save} what the backward pass needs
         * @param inputs  the inputs as given
         * @return new tensors (not the inputs or views of them)
         */
        List<Tensor> apply(Context context, List<Tensor> inputs);
    }

    /** Computes the inputs' gradients; runs with gradients switched off, once in a backward pass. */
    @FunctionalInterface
    public interface Backward {
        /**
         * @param context   what the forward pass saved
         * @param gradients one for each output: its gradient, or null when none reached it; at least one is not null.
         *                  They may be expanded (stride 0) and stay valid during this call only
         * @return one for each input: a tensor of the input's shape and type, or null for zero; gradients of inputs for
         *         which {@link Context#needsGradient} is false are ignored
         */
        List<Tensor> apply(Context context, List<Tensor> gradients);
    }

    private Autograd() { }

    /**
     * Runs {@code forward} and, where gradients are switched on and an input needs one, makes {@code backward} its
     * gradient. Otherwise nothing is kept and no graph is built.
     *
     * @return the outputs of {@code forward}; those of a floating type are part of the graph
     * @throws IllegalArgumentException when an output is an input or shares its memory
     */
    public static List<Tensor> apply(List<Tensor> inputs, Forward forward, Backward backward) {
        Objects.requireNonNull(backward, "backward");
        boolean[] needs = new boolean[inputs.size()];
        boolean any = false;
        if (GradMode.is_enabled()) {
            for (int i = 0; i < needs.length; i++) {
                needs[i] = inputs.get(i).requires_grad();
                any |= needs[i];
            }
        }
        Context context = new Context(needs);
        try {
            List<Tensor> outputs;
            try (NoGradGuard _ = new NoGradGuard()) {
                outputs = forward.apply(context, inputs);
            }
            if (!any) {
                context.release();
                return outputs;
            }
            for (Tensor output : outputs) {
                checkFresh(output, inputs);
            }
            List<Tensor> connected = new ArrayList<>(outputs.size());
            for (Tensor output : outputs) {
                connected.add(output.is_floating_point() ? output.detach() : output);
            }
            GraphNode.connect(context, backward, inputs, connected);
            context.noteVersions();
            return connected;
        } catch (RuntimeException | Error e) {
            context.release();
            throw e;
        }
    }

    private static void checkFresh(Tensor output, List<Tensor> inputs) {
        for (int i = 0; i < inputs.size(); i++) {
            if (output.is_alias_of(inputs.get(i)) && output.numel() > 0) {
                throw new IllegalArgumentException("a custom forward must return new tensors, but an output "
                        + Ops.shape(output) + " shares the memory of input " + i + ": return a clone");
            }
        }
    }

    /** What the forward pass keeps for the backward pass. Freed when libtorch frees the graph. */
    public static final class Context {
        private final boolean[] needs;
        private final List<Tensor> saved = new ArrayList<>();
        private final List<Long> versions = new ArrayList<>();
        private boolean released;

        Context(boolean[] needs) {
            this.needs = needs;
        }

        /** Whether input {@code input} gets a gradient; work for the others can be left out. */
        public boolean needsGradient(int input) {
            return needs[input];
        }

        /**
         * Keeps tensors, in this order. A saved tensor must not be changed in place before the backward pass. Nothing
         * is kept when no input needs a gradient.
         */
        public void save(Tensor... tensors) {
            for (Tensor tensor : tensors) {
                Tensor own = tensor.detach();
                own.retainReference();
                saved.add(own);
            }
        }

        /**
         * Saved tensor number {@code index}, without a graph.
         *
         * @throws IllegalStateException when the tensor was changed in place since, or the graph is already freed
         */
        public Tensor saved(int index) {
            if (released) {
                throw new IllegalStateException("the graph was freed by an earlier backward pass:"
                        + " keep it with retain_graph to run backward again");
            }
            Tensor tensor = saved.get(index);
            if (tensor._version() != versions.get(index)) {
                throw new IllegalStateException("saved tensor " + index + " " + Ops.shape(tensor)
                        + " was changed in place between the forward and the backward pass: clone it first");
            }
            return tensor;
        }

        /** All saved tensors, as {@link #saved(int)} gives them. */
        public List<Tensor> saved() {
            List<Tensor> all = new ArrayList<>(saved.size());
            for (int i = 0; i < saved.size(); i++) {
                all.add(saved(i));
            }
            return all;
        }

        /**
         * From here on a change in place is an error; connecting the outputs to the graph was the last that is none.
         */
        void noteVersions() {
            saved.forEach(tensor -> versions.add(tensor._version()));
        }

        void release() {
            released = true;
            saved.forEach(Tensor::releaseReference);
            saved.clear();
            versions.clear();
        }
    }
}
