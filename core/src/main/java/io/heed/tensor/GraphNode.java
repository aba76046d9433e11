package io.heed.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.PointerConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;

/**
 * The Java end of one custom node in libtorch's graph: its hooks, what the forward pass saved, and the gradients on
 * their way through.
 *
 * <p><b>Lifetime.</b> libtorch copies a hook into the graph but keeps no claim on the Java object behind it, and tells
 * nobody when a graph is freed. So the graph is made to hold a sentinel: a tensor over four bytes of ours, saved by a
 * multiplication that takes part in the link. When the graph is freed, by a backward pass or by dropping its outputs,
 * the sentinel's deleter calls back and the node gives up everything. Nodes and their hooks are reused and never
 * freed, so that native memory stays as large as the most nodes that were ever alive at once, and a hook that libtorch
 * still holds is never a dangling pointer.
 *
 * <p><b>Order.</b> In a backward pass libtorch frees the sentinel when it has run the multiplication, which must not be
 * before the aliases' hooks ran. Of the nodes that are ready it runs the youngest first; the multiplication is the
 * oldest of ours, so the aliases come before it. Should it come first all the same, which several devices make
 * possible, the node waits for the last of the results to be collected. A pass that asks for some inputs only
 * ({@code torch.autograd.grad}) never reaches the multiplication and leaves the graph, and the node, alive.
 */
final class GraphNode {
    private static final Map<Long, GraphNode> BY_ADDRESS = new ConcurrentHashMap<>();
    private static final Queue<GraphNode> IDLE = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger LIVE = new AtomicInteger();
    private static final AtomicInteger CREATED = new AtomicInteger();
    private static final Deleter DELETER = new Deleter();

    private static final int NO_PASS = -1;

    private final MemorySegment cell = Arena.global().allocate(Float.BYTES, Float.BYTES);
    private final Pointer address = new Address(cell.address());
    private final LinkHook linkHook = new LinkHook();
    private final LastHook lastHook = new LastHook();
    private final List<OutputHook> outputHooks = new ArrayList<>();
    private final List<InputHook> inputHooks = new ArrayList<>();

    private Autograd.Context context;
    private Autograd.Backward backward;
    private long[][] inputShapes;
    private torch.ScalarType[] inputTypes;
    private Tensor[] incoming = new Tensor[0];
    private int pass = NO_PASS;
    private Tensor[] results = new Tensor[0];
    private int uncollected;
    private boolean wholePass;
    private boolean freed;

    private GraphNode() {
        CREATED.incrementAndGet();
        BY_ADDRESS.put(cell.address(), this);
    }

    /** Nodes that a graph holds now. */
    static int live() {
        return LIVE.get();
    }

    /** Nodes ever made. */
    static int created() {
        return CREATED.get();
    }

    /**
     * Connects detached outputs to the graph of the inputs that need a gradient.
     *
     * @param outputs changed in place: those of a floating type become part of the graph
     */
    static void connect(Autograd.Context context, Autograd.Backward backward, List<Tensor> inputs,
            List<Tensor> outputs) {
        GraphNode node = IDLE.poll();
        if (node == null) {
            node = new GraphNode();
        }
        LIVE.incrementAndGet();
        try (PointerScope _ = new PointerScope()) {
            node.attach(context, backward, inputs, outputs);
        }
    }

    private void attach(Autograd.Context context, Autograd.Backward backward, List<Tensor> inputs,
            List<Tensor> outputs) {
        this.context = context;
        this.backward = backward;
        freed = false;
        wholePass = false;
        uncollected = 0;
        pass = NO_PASS;
        incoming = new Tensor[outputs.size()];
        results = new Tensor[inputs.size()];
        inputShapes = new long[inputs.size()][];
        inputTypes = new torch.ScalarType[inputs.size()];
        for (int i = outputHooks.size(); i < outputs.size(); i++) {
            outputHooks.add(new OutputHook(i));
        }
        for (int i = inputHooks.size(); i < inputs.size(); i++) {
            inputHooks.add(new InputHook(i));
        }
        Tensor sentinel = torch.from_blob(address, new long[] {1}, DELETER);
        Tensor last = Anchor.EMPTY.mul(sentinel);
        last.register_hook(lastHook);
        Tensor link = last.sum();
        for (int i = 0; i < inputs.size(); i++) {
            if (!context.needsGradient(i)) {
                continue;
            }
            Tensor input = inputs.get(i);
            inputShapes[i] = input.shape();
            inputTypes[i] = Ops.type(input);
            Tensor alias = input.view_as(input);
            alias.register_hook(inputHooks.get(i));
            Tensor flat = alias.dim() == 0 ? alias.unsqueeze(0) : alias;
            link = link.add(flat.narrow(0, 0, 0).sum());
        }
        link.register_hook(linkHook);
        for (int j = 0; j < outputs.size(); j++) {
            Tensor output = outputs.get(j);
            if (output.is_floating_point()) {
                output.add_(link.to(Ops.type(output)));
                output.register_hook(outputHooks.get(j));
            }
        }
    }

    /** Runs the backward function, with what reached the outputs so far. */
    private void runBackward() {
        if (GradMode.is_enabled()) {
            dropGradients();
            throw new UnsupportedOperationException("this operation has no second derivative: run backward without"
                    + " create_graph, or use the composed form");
        }
        if (context == null) {
            throw new IllegalStateException("the graph was freed by an earlier backward pass: keep it with retain_graph"
                    + " to run backward again");
        }
        List<Tensor> gradients = Arrays.asList(incoming.clone());
        clear(results);
        uncollected = 0;
        wholePass = false;
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            List<Tensor> computed = backward.apply(context, gradients);
            if (computed.size() != results.length) {
                throw new IllegalStateException("backward returned " + computed.size() + " gradients for "
                        + results.length + " inputs");
            }
            for (int i = 0; i < results.length; i++) {
                Tensor gradient = computed.get(i);
                if (gradient != null && context.needsGradient(i)) {
                    check(i, gradient);
                    results[i] = gradient.retainReference();
                    uncollected++;
                }
            }
        } finally {
            clear(incoming);
        }
    }

    private void check(int input, Tensor gradient) {
        if (!Arrays.equals(gradient.shape(), inputShapes[input]) || Ops.type(gradient) != inputTypes[input]) {
            throw new IllegalStateException("backward returned a gradient " + Ops.type(gradient) + " "
                    + Ops.shape(gradient) + " for input " + input + ", which is " + inputTypes[input] + " "
                    + Ops.shape(inputShapes[input]));
        }
    }

    /** The graph is gone, or is being freed by the backward pass that is running, which then goes to every alias. */
    private synchronized void graphFreed() {
        freed = true;
        context.release();
        if (uncollected == 0 || !wholePass) {
            giveUp();
        }
    }

    private synchronized Tensor collect(int input) {
        Tensor result = results[input];
        results[input] = null;
        if (result != null) {
            uncollected--;
        }
        return result;
    }

    private synchronized void collected() {
        if (freed && uncollected == 0 && context != null) {
            giveUp();
        }
    }

    private void giveUp() {
        context = null;
        backward = null;
        dropGradients();
        LIVE.decrementAndGet();
        IDLE.add(this);
    }

    private void dropGradients() {
        clear(incoming);
        clear(results);
    }

    private static void clear(Tensor[] tensors) {
        for (int i = 0; i < tensors.length; i++) {
            if (tensors[i] != null) {
                tensors[i].releaseReference();
                tensors[i] = null;
            }
        }
    }

    private final class OutputHook extends VoidTensorHook {
        private final int output;

        OutputHook(int output) {
            this.output = output;
            retainReference();
        }

        @Override
        public void call(TensorBase gradient) {
            // a pass that asks for this output's own gradient ends here and leaves it behind
            int current = torch.get_current_graph_task_id();
            if (pass != current) {
                clear(incoming);
                pass = current;
            }
            incoming[output] = new Tensor(gradient).retainReference();
        }
    }

    private final class LinkHook extends VoidTensorHook {
        LinkHook() {
            retainReference();
        }

        @Override
        public void call(TensorBase gradient) {
            runBackward();
        }
    }

    /** Tells a pass over the whole graph, which frees it unless told to keep it, from one for some inputs only. */
    private final class LastHook extends VoidTensorHook {
        LastHook() {
            retainReference();
        }

        @Override
        public void call(TensorBase gradient) {
            wholePass = true;
        }
    }

    private final class InputHook extends TensorTensorHook {
        private final int input;
        private Tensor handedOut;

        InputHook(int input) {
            this.input = input;
            retainReference();
        }

        @Override
        public TensorBase call(TensorBase zeros) {
            if (handedOut != null) {
                handedOut.releaseReference();
            }
            handedOut = collect(input);
            collected();
            return handedOut == null ? new Tensor(zeros) : handedOut;
        }
    }

    /** Runs inside a native destructor, so nothing may be thrown from here. */
    private static final class Deleter extends PointerConsumer {
        Deleter() {
            retainReference();
        }

        @Override
        public void call(Pointer data) {
            GraphNode node = BY_ADDRESS.get(data.address());
            if (node != null) {
                node.graphFreed();
            }
        }
    }

    /** Four bytes of ours, which libtorch never reads. */
    private static final class Address extends Pointer {
        Address(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    /** An empty leaf, so that the multiplication with the sentinel is part of a graph. */
    private static final class Anchor {
        static final Tensor EMPTY = make();

        private static Tensor make() {
            Tensor empty = torch.empty(0);
            empty.set_requires_grad(true);
            return empty.retainReference();
        }
    }
}
