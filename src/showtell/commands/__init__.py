"""Commands of a person: doctor, plan, gallery and exports."""
