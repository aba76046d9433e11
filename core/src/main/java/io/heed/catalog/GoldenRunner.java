package io.heed.catalog;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.SafetensorsException;
import io.heed.tensor.Weights;

/** Holds a module to a golden case: weights, forward pass, gradients. */
public final class GoldenRunner {
    private GoldenRunner() { }

    /**
     * Loads the case's weights strictly into what {@code module} builds, runs it and compares every output and, where
     * the case has probes, the gradients of {@code sum over outputs of sum(output * probe)}. A case whose
     * configuration names a {@code weights} file leaves loading to the builder. The module is in evaluation mode unless
     * the configuration says {@code "training": true}.
     *
     * @return a failure, not an exception, when anything throws
     */
    public static GoldenResult run(GoldenCase golden, GoldenModule module) {
        GoldenComparison comparison = new GoldenComparison(golden.tolerance());
        try (PointerScope _ = new PointerScope()) {
            check(golden, module, comparison);
            return comparison.result(golden.name());
        } catch (Exception | LinkageError e) {
            return comparison.failure(golden.name(), oneLine(e));
        }
    }

    /** The result of a case that nothing can check yet. */
    public static GoldenResult missing(GoldenCase golden, String message) {
        return new GoldenResult(GoldenResult.Outcome.MISSING, golden.name(), Double.NaN, "", golden.tolerance(),
                message);
    }

    private static void check(GoldenCase golden, GoldenModule module, GoldenComparison comparison) throws Exception {
        GoldenSubject subject = module.build(golden);
        loadWeights(golden, subject);
        if (subject.module() != null) {
            subject.module().train(golden.config().path("training").asBoolean(false));
        }
        Map<String, Tensor> inputs = golden.inputs();
        for (String name : golden.names(GoldenCase.Part.INPUT_GRADIENT)) {
            inputs.get(name).set_requires_grad(true);
        }
        Map<String, Tensor> outputs = subject.forward().run(new LinkedHashMap<>(inputs));
        golden.tensors(GoldenCase.Part.OUTPUT).forEach((name, expected) ->
                comparison.compare(GoldenCase.Part.OUTPUT.prefix() + name, outputs.get(name), expected));
        if (!golden.names(GoldenCase.Part.PROBE).isEmpty()) {
            backward(golden, outputs);
            compareGradients(golden, subject, inputs, comparison);
        }
    }

    private static void loadWeights(GoldenCase golden, GoldenSubject subject) throws SafetensorsException {
        if (golden.config().path("weights").isTextual()) {
            return;
        }
        Map<String, Tensor> weights = golden.weights();
        if (subject.module() != null) {
            Weights.load(subject.module(), weights);
        } else if (!weights.isEmpty()) {
            throw new IllegalArgumentException("the case has weights, but what was built takes none: "
                    + GoldenCase.list(weights.keySet()));
        }
    }

    private static void backward(GoldenCase golden, Map<String, Tensor> outputs) throws SafetensorsException {
        Tensor loss = null;
        for (Map.Entry<String, Tensor> probe : golden.tensors(GoldenCase.Part.PROBE).entrySet()) {
            Tensor output = outputs.get(probe.getKey());
            if (output != null && output.requires_grad()) {
                Tensor term = output.mul(probe.getValue()).sum();
                loss = loss == null ? term : loss.add(term);
            }
        }
        if (loss != null) {
            loss.backward();
        }
    }

    private static void compareGradients(GoldenCase golden, GoldenSubject subject, Map<String, Tensor> inputs,
                                         GoldenComparison comparison) throws SafetensorsException {
        golden.tensors(GoldenCase.Part.INPUT_GRADIENT).forEach((name, expected) -> comparison.compare(
                GoldenCase.Part.INPUT_GRADIENT.prefix() + name, gradient(inputs.get(name)), expected));
        Map<String, Tensor> expected = golden.tensors(GoldenCase.Part.WEIGHT_GRADIENT);
        if (expected.isEmpty() || subject.module() == null) {
            return;
        }
        Map<String, Tensor> weights = Weights.of(subject.module());
        expected.forEach((name, gradient) -> {
            Tensor weight = weights.get(name);
            comparison.compare(GoldenCase.Part.WEIGHT_GRADIENT.prefix() + name,
                    weight == null ? null : gradient(weight), gradient);
        });
    }

    /** A tensor that no gradient reached has gradient 0. */
    private static Tensor gradient(Tensor tensor) {
        Tensor gradient = tensor.grad();
        return gradient.defined() ? gradient : torch.zeros_like(tensor);
    }

    private static String oneLine(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String first = message.lines().findFirst().orElse("").replaceFirst("^(?:[a-z]+\\.)+[A-Z]\\w*: ", "");
        boolean expected = e instanceof IllegalArgumentException || e instanceof SafetensorsException;
        return expected ? first : e.getClass().getSimpleName() + ": " + first;
    }
}
