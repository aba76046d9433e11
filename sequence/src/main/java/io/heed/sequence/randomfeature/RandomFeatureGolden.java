package io.heed.sequence.randomfeature;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.sequence.GoldenConfig;

/** Builds what the random-feature layer's golden cases check. */
final class RandomFeatureGolden {
    private RandomFeatureGolden() { }

    /** {@code layer}: x to features, prediction. Cases check the gradient of the frozen weights too. */
    static GoldenSubject layer(GoldenCase golden) {
        Score score = score(golden);
        RandomFeatures features = features(golden, score);
        RandomFeatureLayer layer = new RandomFeatureLayer(features, score);
        features.weights().set_requires_grad(true);
        return new GoldenSubject(layer, in -> {
            RandomFeatureLayer.Result result = layer.forward(in.get("x"));
            return Map.of("features", result.features(), "prediction", result.prediction());
        });
    }

    /** {@code ridge-fit}: x, y, x_test, y_test to V, prediction, train_mse, test_mse. */
    static GoldenSubject ridge(GoldenCase golden) {
        RandomFeatures features = features(golden, score(golden));
        double lambda = new GoldenConfig(golden.config()).number("lambda_", 1e-2);
        return new GoldenSubject(features, in -> {
            Tensor rows = features.rows(in.get("x"));
            Tensor test = features.rows(in.get("x_test"));
            Tensor y = in.get("y").unsqueeze(1);
            Tensor coefficients = new Ridge(rows, y).fit(lambda);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("V", single(coefficients.view(features.weights().size(0), features.weights().size(1))));
            outputs.put("prediction", single(test.matmul(coefficients).squeeze(1)));
            outputs.put("train_mse", single(Ridge.error(rows, coefficients, y).squeeze(0)));
            outputs.put("test_mse", single(Ridge.error(test, coefficients, in.get("y_test").unsqueeze(1)).squeeze(0)));
            return outputs;
        });
    }

    private static Tensor single(Tensor x) {
        return x.to(ScalarType.Float);
    }

    private static Score score(GoldenCase golden) {
        String name = new GoldenConfig(golden.config()).text("score").orElse("relu");
        return switch (name) {
            case "relu" -> Score.RELU;
            case "softmax" -> Score.SOFTMAX;
            default -> throw new IllegalArgumentException("score '" + name + "': must be relu or softmax");
        };
    }

    private static RandomFeatures features(GoldenCase golden, Score score) {
        GoldenConfig config = new GoldenConfig(golden.config());
        return new RandomFeatures(config.integer("heads"), config.integer("d"),
                config.number("weight_std", RandomFeatures.DEVIATION), config.flag("biased", false) ? 1 : 0, score);
    }
}
