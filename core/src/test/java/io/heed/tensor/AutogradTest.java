package io.heed.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class AutogradTest {
    private final AtomicInteger backwardRuns = new AtomicInteger();
    private PointerScope scope;
    private int liveBefore;

    @BeforeEach
    void open() {
        liveBefore = GraphNode.live();
        scope = new PointerScope();
        torch.manual_seed(7);
    }

    @AfterEach
    void everyGraphIsFreed() {
        scope.close();
        assertThat(GraphNode.live()).isEqualTo(liveBefore);
    }

    /** (a b, a + b): two outputs, two inputs, with hand-written gradients. */
    private List<Tensor> productAndSum(Tensor a, Tensor b) {
        return Autograd.apply(List.of(a, b),
                (context, in) -> {
                    context.save(in.get(0), in.get(1));
                    return List.of(in.get(0).mul(in.get(1)), in.get(0).add(in.get(1)));
                },
                (context, gradients) -> {
                    backwardRuns.incrementAndGet();
                    Tensor product = gradients.get(0);
                    Tensor sum = gradients.get(1);
                    Tensor toA = null;
                    Tensor toB = null;
                    if (product != null) {
                        toA = product.mul(context.saved(1));
                        toB = product.mul(context.saved(0));
                    }
                    if (sum != null) {
                        toA = toA == null ? sum.clone() : toA.add(sum);
                        toB = toB == null ? sum.clone() : toB.add(sum);
                    }
                    return Arrays.asList(toA, toB);
                });
    }

    private Tensor exp(Tensor x) {
        return Autograd.apply(List.of(x),
                (context, in) -> {
                    Tensor out = in.getFirst().exp();
                    context.save(out);
                    return List.of(out);
                },
                (context, gradients) -> {
                    backwardRuns.incrementAndGet();
                    return List.of(gradients.getFirst().mul(context.saved(0)));
                }).getFirst();
    }

    private static Tensor leaf(long... shape) {
        Tensor tensor = torch.randn(shape);
        tensor.set_requires_grad(true);
        return tensor;
    }

    private static void backwardKeepingGraph(Tensor loss) {
        loss.backward(new Tensor(), new BoolOptional(true), false, new TensorArrayRefOptional());
    }

    private static void assertEqual(Tensor actual, Tensor expected) {
        assertThat(Ops.largestDifference(actual, expected)).isLessThan(1e-6);
    }

    @Test
    void gradientsOfEveryInputThroughEveryOutput() {
        Tensor a = leaf(2, 3);
        Tensor b = leaf(2, 3);
        Tensor probe1 = torch.randn(2, 3);
        Tensor probe2 = torch.randn(2, 3);
        List<Tensor> out = productAndSum(a, b);
        assertThat(out).allMatch(Tensor::requires_grad);
        out.get(0).mul(probe1).add(out.get(1).mul(probe2)).sum().backward();
        assertEqual(a.grad(), probe1.mul(b.detach()).add(probe2));
        assertEqual(b.grad(), probe1.mul(a.detach()).add(probe2));
        assertThat(backwardRuns).hasValue(1);
        assertThat(GraphNode.live()).isEqualTo(liveBefore);
    }

    @Test
    void anOutputWithoutGradientArrivesAsNull() {
        Tensor a = leaf(4);
        Tensor b = leaf(4);
        productAndSum(a, b).get(1).sum().backward();
        assertEqual(a.grad(), torch.ones(4));
        assertEqual(b.grad(), torch.ones(4));
        Tensor c = leaf(4);
        productAndSum(a, c).get(0).sum().backward();
        assertEqual(c.grad(), a.detach());
        assertThat(backwardRuns).hasValue(2);
    }

    @Test
    void onlyInputsThatNeedAGradientGetOne() {
        Tensor a = leaf(3);
        Tensor constant = torch.randn(3);
        List<Boolean> needed = new ArrayList<>();
        Tensor out = Autograd.apply(List.of(constant, a),
                (context, in) -> {
                    needed.add(context.needsGradient(0));
                    needed.add(context.needsGradient(1));
                    context.save(in.get(0));
                    return List.of(in.get(0).mul(in.get(1)));
                },
                (context, gradients) -> Arrays.asList(null, gradients.getFirst().mul(context.saved(0)))).getFirst();
        out.sum().backward();
        assertThat(needed).containsExactly(false, true);
        assertThat(constant.grad().defined()).isFalse();
        assertEqual(a.grad(), constant);
    }

    @Test
    void noGraphWhereNoGradientIsWanted() {
        Tensor a = leaf(3);
        try (NoGradGuard _ = new NoGradGuard()) {
            assertThat(exp(a).requires_grad()).isFalse();
        }
        assertThat(exp(a.detach()).requires_grad()).isFalse();
        assertThat(GraphNode.live()).isEqualTo(liveBefore);
    }

    @Test
    void backwardRunsTwiceOnAKeptGraph() {
        Tensor a = leaf(3, 5);
        Tensor loss = exp(exp(a)).sum();
        backwardKeepingGraph(loss);
        Tensor once = a.grad().clone();
        assertThat(GraphNode.live()).isEqualTo(liveBefore + 2);
        loss.backward();
        assertEqual(a.grad(), once.add(once));
        Tensor inner = a.detach().exp();
        assertEqual(once.div(inner.exp().mul(inner)), torch.ones(3, 5));
        assertThat(GraphNode.live()).isEqualTo(liveBefore);
    }

    @Test
    void backwardOnAFreedGraphSaysHowToKeepIt() {
        Tensor loss = exp(leaf(3)).sum();
        loss.backward();
        assertThatThrownBy(loss::backward).hasMessageContaining("retain_graph");
    }

    @Test
    void oneInputUsedTwiceAndInSeveralNodes() {
        Tensor a = leaf(6);
        Tensor square = productAndSum(a, a).get(0);
        square.add(exp(a)).sum().backward();
        assertEqual(a.grad(), a.detach().mul(torch.full(new long[] {6}, new Scalar(2)))
                .add(a.detach().exp()));
    }

    @Test
    void scalarEmptyAndDoubleInputs() {
        Tensor scalar = leaf();
        exp(scalar).backward();
        assertEqual(scalar.grad(), scalar.detach().exp());
        Tensor empty = leaf(0, 4);
        exp(empty).sum().backward();
        assertThat(empty.grad().shape()).containsExactly(0, 4);
        Tensor wide = torch.randn(3).to(ScalarType.Double).detach();
        wide.set_requires_grad(true);
        exp(wide).sum().backward();
        assertThat(Ops.type(wide.grad())).isEqualTo(ScalarType.Double);
        assertEqual(wide.grad(), wide.detach().exp());
    }

    @Test
    void inputsInsideAGraphAndNotContiguous() {
        Tensor a = leaf(3, 4);
        Tensor transposed = a.mul(a).transpose(0, 1);
        exp(transposed).sum().backward();
        Tensor twice = a.detach().add(a.detach());
        assertEqual(a.grad(), a.detach().mul(a.detach()).exp().mul(twice));
    }

    @Test
    void aGraphDroppedWithoutBackwardGivesItsNodesBack() {
        Tensor a = leaf(8);
        for (int i = 0; i < 3; i++) {
            try (PointerScope _ = new PointerScope()) {
                exp(a);
            }
        }
        int created = GraphNode.created();
        for (int i = 0; i < 50; i++) {
            try (PointerScope _ = new PointerScope()) {
                exp(exp(a));
                productAndSum(a, a);
                assertThat(GraphNode.live()).isEqualTo(liveBefore + 3);
            }
            assertThat(GraphNode.live()).isEqualTo(liveBefore);
        }
        assertThat(GraphNode.created() - created).isLessThanOrEqualTo(3);
    }

    @Test
    void savedTensorsAndGraphOutliveAnInnerScope() {
        Tensor a = leaf(5);
        Tensor loss;
        try (PointerScope inner = new PointerScope()) {
            loss = exp(exp(a)).sum();
            loss.retainReference();
            inner.detach(loss);
        }
        loss.backward();
        loss.releaseReference();
        Tensor first = a.detach().exp();
        assertEqual(a.grad(), first.exp().mul(first));
    }

    @Test
    void gradientsForChosenInputsOnly() {
        Tensor a = leaf(4);
        Tensor b = leaf(4);
        for (int i = 0; i < 3; i++) {
            Tensor loss = productAndSum(a, b).get(0).sum();
            TensorVector only = torch.grad(new TensorVector(loss), new TensorVector(b));
            assertEqual(only.get(0), a.detach());
        }
        assertThat(a.grad().defined()).isFalse();
    }

    @Test
    void theGradientOfAnOutputItselfLeavesNothingBehind() {
        Tensor a = leaf(4);
        Tensor b = leaf(4);
        List<Tensor> out = productAndSum(a, b);
        Tensor probe = torch.randn(4);
        TensorVector middle = torch.grad(new TensorVector(out.get(0).mul(probe).sum()), new TensorVector(out.get(0)));
        assertEqual(middle.get(0), probe);
        out.get(1).sum().backward();
        assertEqual(a.grad(), torch.ones(4));
        assertEqual(b.grad(), torch.ones(4));
    }

    @Test
    void outputsCanBeChangedInPlaceUnlessSaved() {
        Tensor a = leaf(4);
        Tensor b = leaf(4);
        Tensor sum = productAndSum(a, b).get(1);
        sum.mul_(b.detach());
        sum.sum().backward();
        assertEqual(a.grad(), b.detach());
        Tensor out = exp(a);
        out.mul_(b.detach());
        Tensor loss = out.sum();
        assertThatThrownBy(loss::backward).hasMessageContaining("changed in place");
    }

    @Test
    void aNullGradientMeansZero() {
        Tensor a = leaf(4);
        Tensor out = Autograd.apply(List.of(a), (context, in) -> List.of(in.getFirst().sign()),
                (context, gradients) -> Arrays.asList((Tensor) null)).getFirst();
        out.sum().backward();
        assertEqual(a.grad(), torch.zeros(4));
    }

    @Test
    void outputsThatAreNotFloatingStayOutsideTheGraph() {
        Tensor a = leaf(2, 5);
        List<Tensor> out = Autograd.apply(List.of(a),
                (context, in) -> {
                    Tensor index = in.getFirst().argmax();
                    return List.of(in.getFirst().mul(in.getFirst()), index);
                },
                (context, gradients) -> List.of(gradients.getFirst().clone()));
        assertThat(out.get(1).requires_grad()).isFalse();
        out.get(0).sum().backward();
        assertEqual(a.grad(), torch.ones(2, 5));
    }

    @Test
    void anErrorInTheBackwardFunctionReachesTheCaller() {
        Tensor a = leaf(4);
        Tensor out = Autograd.apply(List.of(a), (context, in) -> List.of(in.getFirst().clone()),
                (context, gradients) -> {
                    throw new IllegalArgumentException("width 7 is odd");
                }).getFirst();
        Tensor loss = out.sum();
        assertThatThrownBy(loss::backward).hasMessageContaining("width 7 is odd");
        Tensor wrong = Autograd.apply(List.of(a), (context, in) -> List.of(in.getFirst().clone()),
                (context, gradients) -> List.of(torch.zeros(3))).getFirst().sum();
        assertThatThrownBy(wrong::backward).hasMessageContaining("gradient Float (3) for input 0, which is Float (4)");
        assertThat(exp(a).sum().item_double()).isCloseTo(Ops.item(a.detach().exp().sum()), within(1e-6));
    }

    @Test
    void anErrorInTheForwardFunctionLeavesNothingBehind() {
        Tensor a = leaf(4);
        assertThatThrownBy(() -> Autograd.apply(List.of(a), (context, in) -> {
            context.save(in.getFirst());
            throw new IllegalArgumentException("no");
        }, (context, gradients) -> gradients)).hasMessage("no");
        assertThatThrownBy(() -> Autograd.apply(List.of(a), (context, in) -> List.of(in.getFirst().view(2, 2)),
                (context, gradients) -> gradients)).hasMessageContaining("shares the memory of input 0");
    }

    @Test
    void secondDerivativesAreRefused() {
        Tensor a = leaf(4);
        Tensor loss = exp(a).sum();
        TensorVector none = new TensorVector();
        assertThatThrownBy(() -> torch.grad(new TensorVector(loss), new TensorVector(a), none, new BoolOptional(true),
                true, false)).hasMessageContaining("no second derivative");
    }

    @Test
    void aSavedTensorChangedInPlaceIsNoticed() {
        Tensor a = leaf(4);
        Tensor loss = exp(a).sum();
        Tensor other = torch.randn(4);
        Tensor product = productAndSum(leaf(4), other).get(0).sum();
        other.zero_();
        loss.backward();
        assertThatThrownBy(product::backward).hasMessageContaining("changed in place");
    }

    @Test
    void twoThreadsTrainAtOnce() throws InterruptedException {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 100; i++) {
                        try (PointerScope _ = new PointerScope()) {
                            Tensor a = leaf(16);
                            exp(exp(a)).sum().backward();
                            Tensor first = a.detach().exp();
                            assertEqual(a.grad().div(first.exp().mul(first)), torch.ones(16));
                        }
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }
}
